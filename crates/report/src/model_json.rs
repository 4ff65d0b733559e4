//! The facts about a model as JSON.

use std::collections::HashSet;

use backburn::{SavedModel, Target};
use backburn_model::Mlp;
use burn::module::Module;
use serde_json::{Value, json};

use crate::model_report::target_transform;

/// The facts about the models of the targets of a file: for one the object of [`model_json`], and for several `targets`,
/// with an object for each.
pub fn models_json(models: &[SavedModel]) -> Value {
    match models {
        [model] => model_json(model),
        models => json!({ "targets": models.iter().map(model_json).collect::<Vec<_>>() }),
    }
}

/// The facts about a model as a JSON object: `target`, `network`, `training`, `validation`, `test`, `columns`
/// and `settings`. A column has one of the roles `target`, `feature`, `ignored` and `unused`.
pub fn model_json(model: &SavedModel) -> Value {
    let summary = &model.summary;
    let mut target = json!({"column": model.target.column(), "task": model.target.task().name()});
    match &model.target {
        Target::Classification {
            classes, decision, ..
        } => {
            target["classes"] = json!(classes);
            if let Some(decision) = decision {
                target["decision"] = json!(decision);
            }
        }
        Target::Regression { bounds, .. } => {
            target["transform"] = json!(target_transform(&model.target));
            target["bounds"] = json!(bounds);
        }
    }
    let members = &model.network.members;
    let hidden: Vec<Vec<usize>> = members.iter().map(Mlp::hidden_units).collect();
    let features = model.encoder.columns.iter().map(|column| column.name());
    let features: HashSet<&str> = features.collect();
    let columns = model.schema.columns.iter().map(|column| {
        let name = column.name.as_str();
        let role = match () {
            () if name == model.target.column() => "target",
            () if column.reason.is_some() => "ignored",
            () if features.contains(name) => "feature",
            () => "unused",
        };
        json!({
            "name": name,
            "kind": column.kind,
            "role": role,
            "missing": column.missing,
            "distinct": column.distinct,
            "reason": column.reason,
        })
    });
    let columns: Vec<Value> = columns.collect();
    json!({
        "program": summary.program,
        "target": target,
        "network": {
            "networks": members.len(),
            "parameters": model.network.num_params(),
            "inputs": model.config.widths().first(),
            "hidden": hidden,
            "outputs": model.config.outputs,
            "activation": model.config.activation.to_string(),
        },
        "training": {
            "table": summary.table,
            "training_rows_in_file": model.encoder.training_rows(),
            "rows": summary.training_rows,
            "validation_rows": summary.validation_rows,
            "epochs": summary.epochs,
            "best_epoch": summary.best_epoch,
            "seed": summary.seed,
            "device": summary.device,
        },
        "validation": summary.validation,
        "validation_errors": summary.validation_errors,
        "validation_constant": summary.validation_constant,
        "test": summary.test,
        "columns": columns,
        "settings": summary.settings,
    })
}
