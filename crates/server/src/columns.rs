//! The columns that a model needs and gives, for people and programs that call it.

use backburn::{Cell, ColumnEncoder, ColumnKind, SavedModel, Target, ValueProfile};
use serde_json::{Map, Value, json};

/// The most categories of a column that are named.
const MAX_EXAMPLES: usize = 10;

/// The names of the columns of predictions, with those of intervals or without.
pub(crate) fn output_names(model: &SavedModel, intervals: bool) -> Vec<String> {
    let mut names = vec!["prediction".to_string()];
    match &model.target {
        Target::Regression { .. } if intervals => {
            names.extend(["lower", "upper"].map(str::to_string));
        }
        Target::Regression { .. } => {}
        Target::Classification { classes, .. } => {
            names.extend(classes.iter().map(|class| format!("probability_{class}")));
        }
    }
    names
}

/// The schema of a row that the model predicts, by its columns.
pub(crate) fn row_schema(model: &SavedModel) -> Value {
    let columns = model.encoder.columns.iter().enumerate();
    let properties: Map<String, Value> = columns
        .map(|(index, column)| {
            (
                column.name().to_string(),
                column_schema(model, index, column),
            )
        })
        .collect();
    let required: Vec<&str> = model
        .encoder
        .columns
        .iter()
        .map(ColumnEncoder::name)
        .collect();
    json!({
        "type": "object",
        "description": format!(
            "A row. null is a missing value. Further properties are ignored. Predicted is `{}`.",
            model.target.column()
        ),
        "properties": properties,
        "required": required,
    })
}

fn column_schema(model: &SavedModel, index: usize, column: &ColumnEncoder) -> Value {
    let profile = model.encoder.profile.get(index);
    let values = profile.and_then(|profile| profile.values);
    let format = model.format.columns.get(column.name());
    let (mut types, mut about) = match column.kind() {
        ColumnKind::Numeric => (vec!["number"], "a number".to_string()),
        ColumnKind::Boolean => (vec!["boolean", "string"], "true or false".to_string()),
        ColumnKind::Date => {
            let about = "a date such as 2024-12-31 or 2024-12-31 23:59:59";
            (vec!["string"], about.to_string())
        }
        _ => {
            let about = "a category; those that training did not have count as unknown";
            (vec!["string", "number", "boolean"], about.to_string())
        }
    };
    if let Some(format) = format {
        for other in ["string", "number"] {
            if !types.contains(&other) {
                types.push(other);
            }
        }
        about += &format!("; as text: {format}");
    }
    if let Some(ValueProfile { min, max, .. }) = values {
        let text = |value: f64| match column.kind() {
            ColumnKind::Date => Cell::Date(value)
                .category()
                .unwrap_or_default()
                .into_owned(),
            _ => value.to_string(),
        };
        about += &format!("; in training from {} to {}", text(min), text(max));
    }
    types.push("null");
    let mut schema = json!({"type": types, "description": about});
    if let ColumnEncoder::OneHot { categories, .. } | ColumnEncoder::Embedding { categories, .. } =
        column
    {
        let examples = categories.iter().take(MAX_EXAMPLES);
        schema["examples"] = json!(examples.collect::<Vec<_>>());
    }
    schema
}

/// The schema of a prediction.
pub(crate) fn prediction_schema(model: &SavedModel) -> Value {
    let number = json!({"type": "number"});
    let mut properties = Map::new();
    let prediction = match &model.target {
        Target::Regression { .. } => number.clone(),
        Target::Classification { classes, .. } => json!({"type": "string", "enum": classes}),
    };
    properties.insert("prediction".to_string(), prediction);
    for name in output_names(model, true).into_iter().skip(1) {
        properties.insert(name, number.clone());
    }
    // The bounds of an interval are there if they are asked for.
    json!({
        "type": "object", "properties": properties, "required": output_names(model, false),
    })
}

/// The JSON Schema of the body of a request: a row, or an array of at most `rows` rows.
pub(crate) fn request_schema(model: &SavedModel, name: &str, rows: usize) -> Value {
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": format!("A request for predictions of {name}"),
        "oneOf": [
            {"$ref": "#/$defs/row"},
            {"type": "array", "items": {"$ref": "#/$defs/row"}, "minItems": 1, "maxItems": rows},
        ],
        "$defs": {"row": row_schema(model)},
    })
}

/// The inputs and the outputs of a model in the protocol of KServe.
pub(crate) fn tensors(model: &SavedModel) -> (Value, Value) {
    let tensor =
        |name: &str, datatype: &str| json!({"name": name, "datatype": datatype, "shape": [-1]});
    let inputs = model.encoder.columns.iter().map(|column| {
        let datatype = match column.kind() {
            ColumnKind::Numeric => "FP64",
            ColumnKind::Boolean => "BOOL",
            _ => "BYTES",
        };
        tensor(column.name(), datatype)
    });
    let inputs: Vec<Value> = inputs.collect();
    let is_label = matches!(model.target, Target::Classification { .. });
    let names = output_names(model, false).into_iter().enumerate();
    let outputs = names.map(|(index, name)| match index == 0 && is_label {
        true => tensor(&name, "BYTES"),
        false => tensor(&name, "FP64"),
    });
    let outputs: Vec<Value> = outputs.collect();
    (json!(inputs), json!(outputs))
}
