//! From the outputs of networks to predictions.

use backburn::{ErrorScale, Target, TargetTransform};

use crate::attributes::Attribute;
use crate::graph::{Graph, Kind, Value, rows_info};
use crate::onnx::ValueInfoProto;

/// An output of the graph: its name, its value, the number of its columns, and what it is.
pub(crate) struct Output<'g> {
    pub name: String,
    value: Value<'g>,
    width: usize,
    about: String,
}

impl Output<'_> {
    /// The description of the output, which is computed from here on.
    pub fn write(&self, graph: &Graph) -> ValueInfoProto {
        graph.output(self.value, &self.name);
        rows_info(&self.name, self.value.kind, self.width, &self.about)
    }
}

/// The largest number of classes whose probabilities are outputs of their own.
const MAX_NAMED: usize = 100;

/// The names of the outputs for a target: those of the columns of `trainer predict`, and for classes
/// `probabilities`, which has the probabilities of all classes.
pub(crate) fn output_names(target: &Target, has_interval: bool) -> Vec<String> {
    let mut names = vec!["prediction".to_string()];
    match target {
        Target::Regression { .. } if has_interval => {
            names.extend(["lower", "upper"].map(String::from));
        }
        Target::Regression { .. } => {}
        Target::Classification { classes, .. } => {
            names.push("probabilities".to_string());
            if classes.len() <= MAX_NAMED {
                names.extend(classes.iter().map(|class| format!("probability_{class}")));
            }
        }
    }
    names
}

/// The predictions for the networks' outputs `[rows, width]`, with these names. `half` is half the width of the
/// intervals, if there are any, and `widening` what imputed values add to the squared error of each row.
pub(crate) fn predictions<'g>(
    (outputs, width): (Value<'g>, usize),
    target: &Target,
    (half, widening): (Option<f64>, Option<Value<'g>>),
    names: Vec<String>,
) -> Vec<Output<'g>> {
    let found = match target {
        Target::Regression { .. } => values(outputs, target, half, widening),
        Target::Classification {
            classes,
            temperature,
            column,
            ..
        } => probabilities(outputs, width == 1, classes, *temperature, column),
    };
    let outputs = names.into_iter().zip(found);
    let outputs = outputs.map(|(name, (value, width, about))| Output {
        name,
        value,
        width,
        about,
    });
    outputs.collect()
}

type Found<'g> = (Value<'g>, usize, String);

fn values<'g>(
    outputs: Value<'g>,
    target: &Target,
    half: Option<f64>,
    widening: Option<Value<'g>>,
) -> Vec<Found<'g>> {
    let Target::Regression {
        column,
        scale,
        mean,
        std,
        bounds,
        error_scale,
        ..
    } = target
    else {
        return Vec::new();
    };
    let outputs = outputs.cast(Kind::Double);
    let unscaled = |outputs: Value<'g>| {
        let values = outputs * *std + *mean;
        let values = match scale {
            TargetTransform::Log => values.same("Exp"),
            _ => values,
        };
        match bounds {
            Some([minimum, maximum]) => values.clip(*minimum, *maximum),
            None => values,
        }
    };
    let prediction = unscaled(outputs);
    let mut found = vec![(prediction, 1, column.clone())];
    if let Some(half) = half {
        // As `Target::intervals`: limited to the range of predictions, finite, around the prediction.
        let scale = error_scale.as_ref();
        let scale = scale.and_then(|scale| error_scale_at(outputs, scale));
        let (low, high) = match error_scale_of_rows(scale, widening) {
            Some(factor) => (outputs - factor * half, outputs + factor * half),
            None => (outputs + -half, outputs + half),
        };
        let bound = |outputs: Value<'g>| unscaled(outputs).clip(f64::MIN, f64::MAX);
        let (lower, upper) = (bound(low).min(prediction), bound(high).max(prediction));
        let about = |which: &str| format!("the {which} bound of the prediction interval");
        found.push((lower, 1, about("lower")));
        found.push((upper, 1, about("upper")));
    }
    found
}

/// The scale of the errors of each row, as `ErrorScale::at_row`: from that at its output, and what its imputed values add
/// to its squared error. `None` if it is 1 everywhere.
fn error_scale_of_rows<'g>(
    scale: Option<Value<'g>>,
    imputed: Option<Value<'g>>,
) -> Option<Value<'g>> {
    match (scale, imputed) {
        (Some(scale), Some(imputed)) => {
            let squared = scale * scale;
            let added = imputed * squared.clip(1.0, f64::MAX);
            Some((squared + added).same("Sqrt"))
        }
        (None, Some(imputed)) => Some((imputed + 1.0).same("Sqrt")),
        (scale, None) => scale,
    }
}

/// The scale of the errors at outputs: that of the first knot, and what each segment up to the output adds. `None` if it
/// is 1 everywhere.
fn error_scale_at<'g>(outputs: Value<'g>, scale: &ErrorScale) -> Option<Value<'g>> {
    let [_, first] = *scale.knots().first()?;
    let segments = scale.knots().windows(2).map(|pair| {
        let [[low, from], [high, to]] = [pair[0], pair[1]];
        (outputs.clip(low, high) - low) * ((to - from) / (high - low))
    });
    let added = segments.reduce(|sum, segment| sum + segment);
    Some(added.unwrap_or_else(|| outputs * 0.0) + first)
}

fn probabilities<'g>(
    logits: Value<'g>,
    is_single: bool,
    classes: &[String],
    temperature: f64,
    column: &str,
) -> Vec<Found<'g>> {
    let graph = logits.graph;
    let width = classes.len();
    let all = match is_single {
        true => {
            let logit = logits.cast(Kind::Double) / temperature;
            let second = ((-logit).same("Exp") + 1.0).same("Reciprocal");
            graph.concat(&[-second + 1.0, second], 1)
        }
        false => {
            let highest = logits.reduce("ReduceMax", 1);
            let logits = (logits - highest).cast(Kind::Double) / temperature;
            let axis = [("axis", Attribute::Int(1))];
            graph.with("Softmax", &[logits], &axis, Kind::Double)
        }
    };
    let best = [("axis", Attribute::Int(1)), ("keepdims", Attribute::Int(1))];
    let best = graph.with("ArgMax", &[all], &best, Kind::Int);
    let label = graph.texts(classes).gather(best, 0);
    let mut found = vec![
        (label, 1, column.to_string()),
        (all, width, "the probability of each class".to_string()),
    ];
    if width <= MAX_NAMED {
        let axis = vec![Attribute::Int(1).proto("axis")];
        let columns = graph.node("Split", &[all], axis, &vec![Kind::Double; width]);
        let columns = columns.into_iter().zip(classes);
        found.extend(
            columns.map(|(column, class)| (column, 1, format!("the probability of {class}"))),
        );
    }
    found
}
