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
    let members = &model.network.members;
    let hidden: Vec<Vec<usize>> = members.iter().map(Mlp::hidden_units).collect();
    json!({
        "program": summary.program,
        "target": target_json(&model.target),
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
        "memory": summary.memory.as_ref().map(|memory| {
            json!({
                "remember": memory.remember.to_string(),
                "rows_in_file": memory.rows(),
                "tasks": memory.tasks,
            })
        }),
        "columns": columns_json(model),
        "settings": summary.settings,
    })
}

fn target_json(target: &Target) -> Value {
    let mut json = json!({"column": target.column(), "task": target.task().name()});
    match target {
        Target::Classification {
            classes, decision, ..
        } => {
            json["classes"] = json!(classes);
            if let Some(decision) = decision {
                json["decision"] = json!(decision);
            }
        }
        Target::Regression { bounds, .. } => {
            json["transform"] = json!(target_transform(target));
            json["bounds"] = json!(bounds);
        }
    }
    json
}

fn columns_json(model: &SavedModel) -> Value {
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
    columns.collect()
}
