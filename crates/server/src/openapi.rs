//! The OpenAPI document of a server.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use crate::columns::{prediction_schema, row_schema};
use crate::media::Media;
use crate::metrics::MEDIA_TYPE;
use crate::model::LoadedModel;

/// The paths that belong to no model: each with what it answers, and the type of the answer.
const SERVER_PATHS: [(&str, &str, &str); 5] = [
    ("/health", "Whether the server works", "application/json"),
    ("/metrics", "Counts, for Prometheus", MEDIA_TYPE),
    ("/openapi.json", "This document", "application/json"),
    (
        "/v2/health/live",
        "Whether the server works",
        "application/json",
    ),
    (
        "/v2/health/ready",
        "Whether the server takes requests",
        "application/json",
    ),
];

/// The errors of a request for predictions, by their status.
const PROBLEMS: [(&str, &str); 7] = [
    ("400", "The request cannot be read"),
    ("401", "The token is missing or wrong"),
    ("408", "The request came too slowly"),
    ("413", "The request has too many bytes or rows"),
    ("415", "The body has another type"),
    (
        "422",
        "The rows do not fit the model; `errors` lists the values",
    ),
    ("503", "The server is busy"),
];

/// The document: the paths of the server, with the schemas of its models.
pub(crate) fn openapi(models: &[Arc<LoadedModel>], has_token: bool) -> Value {
    let mut paths = Map::new();
    let mut schemas = Map::new();
    for loaded in models {
        let name = &loaded.name.name;
        let model = loaded.predictor.model();
        schemas.insert(format!("{name}.row"), row_schema(model));
        schemas.insert(format!("{name}.prediction"), prediction_schema(model));
        paths.extend(model_paths(name, model.target.column(), models.len() == 1));
    }
    for (path, about, media) in SERVER_PATHS {
        paths.insert(path.to_string(), json!({"get": get(about, media)}));
    }
    schemas.insert("problem".to_string(), problem_schema());
    let mut document = json!({
        "openapi": "3.1.0",
        "info": {"title": "Predictions", "version": env!("CARGO_PKG_VERSION")},
        "paths": paths,
        "components": {"schemas": schemas},
    });
    if has_token {
        let token = json!({"token": {"type": "http", "scheme": "bearer"}});
        document["components"]["securitySchemes"] = token;
        document["security"] = json!([{"token": []}]);
    }
    document
}

/// The paths of a model. The only model of a server also has those without its name.
fn model_paths(name: &str, target: &str, is_only: bool) -> Map<String, Value> {
    let mut paths = Map::new();
    let mut bases = vec![format!("/models/{name}")];
    if is_only {
        bases.push(String::new());
    }
    for base in bases {
        paths.insert(
            format!("{base}/predict"),
            json!({"post": predict(name, target)}),
        );
        let about = "The JSON Schema of a request for predictions";
        paths.insert(
            format!("{base}/schema"),
            json!({"get": get(about, "application/schema+json")}),
        );
    }
    let about = "Inference in version 2 of the protocol of KServe, with a tensor for each column";
    let infer = json!({"post": {
        "summary": about,
        "requestBody": {"content": {"application/json": {"schema": {"type": "object"}}}},
        "responses": {"200": {"description": "The predictions, with a tensor for each column"}},
    }});
    paths.insert(format!("/v2/models/{name}/infer"), infer);
    paths
}

fn get(about: &str, media: &str) -> Value {
    let mut content = Map::new();
    content.insert(media.to_string(), json!({}));
    json!({"summary": about, "responses": {"200": {"description": about, "content": content}}})
}

/// A request for predictions of a model.
fn predict(name: &str, target: &str) -> Value {
    let row = json!({"$ref": format!("#/components/schemas/{name}.row")});
    let rows = json!({"oneOf": [row, {"type": "array", "items": row}]});
    json!({
        "summary": format!("Predicts `{target}`"),
        "parameters": [
            {
                "name": "interval", "in": "query", "schema": {"type": "string", "examples": ["90"]},
                "description": "Also gives the bounds of a prediction interval, which contains the true value \
                    with this probability: 50 to 99 percent. For numbers.",
            },
            {
                "name": "explanations", "in": "query", "schema": {"type": "boolean"},
                "description": "Also gives what each column adds to the prediction of each row. As JSON.",
            },
        ],
        "requestBody": {"required": true, "content": content(rows)},
        "responses": responses(name, target),
    })
}

/// The answers to a request for predictions of a model, by their status.
fn responses(name: &str, target: &str) -> Map<String, Value> {
    let prediction = json!({"$ref": format!("#/components/schemas/{name}.prediction")});
    let answer = json!({
        "type": "object",
        "properties": {
            "model": {"type": "string"},
            "version": {"type": "integer", "description": "How many models have had this name"},
            "predictions": {"type": "array", "items": prediction},
            "explanations": {"type": "array", "items": {"type": "object"}},
        },
        "required": ["model", "version", "predictions"],
    });
    let mut responses = Map::new();
    let about = format!("A prediction of `{target}` for each row, in order");
    responses.insert(
        "200".to_string(),
        json!({"description": about, "content": content(answer)}),
    );
    let problem =
        json!({"application/problem+json": {"schema": {"$ref": "#/components/schemas/problem"}}});
    for (status, about) in PROBLEMS {
        responses.insert(
            status.to_string(),
            json!({"description": about, "content": problem}),
        );
    }
    responses
}

/// The types in which rows and predictions are written, with the schema of those in JSON.
fn content(json_schema: Value) -> Map<String, Value> {
    let others = [Media::JsonLines, Media::Csv, Media::ArrowStream];
    let others = others.iter().map(|media| {
        let name = media.name().split(';').next().unwrap_or_default();
        (name.to_string(), json!({}))
    });
    let mut content: Map<String, Value> = others.collect();
    content.insert(
        Media::Json.name().to_string(),
        json!({"schema": json_schema}),
    );
    content
}

fn problem_schema() -> Value {
    let error = json!({
        "type": "object",
        "properties": {
            "row": {"type": "integer", "description": "The number of the row, from 1"},
            "column": {"type": "string"},
            "value": {"type": "string"},
            "detail": {"type": "string"},
        },
        "required": ["column", "detail"],
    });
    json!({
        "type": "object",
        "description": "What is wrong (RFC 9457)",
        "properties": {
            "status": {"type": "integer"},
            "title": {"type": "string"},
            "detail": {"type": "string"},
            "errors": {"type": "array", "items": error},
        },
        "required": ["status", "title", "detail"],
    })
}
