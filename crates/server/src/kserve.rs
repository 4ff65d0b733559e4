//! The paths of version 2 of the protocol of KServe (the Open Inference Protocol).

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use backburn::text::shown;
use serde_json::{Value, json};

use crate::answer::Answer;
use crate::app::App;
use crate::columns::tensors;
use crate::model::{LoadedModel, ServedModel};
use crate::problem::Problem;
use crate::request::Protocol;

type AppState = State<Arc<App>>;

/// A problem, as the protocol has it: an object with `error`.
struct Fault(Problem);

impl From<Problem> for Fault {
    fn from(problem: Problem) -> Self {
        Self(problem)
    }
}

impl IntoResponse for Fault {
    fn into_response(self) -> Response {
        let error = json!({"error": self.0.detail});
        self.0.with_body("application/json", error.to_string())
    }
}

/// A model by its name, and perhaps its version.
#[derive(Debug, serde::Deserialize)]
struct ModelPath {
    model: String,
    version: Option<String>,
}

/// The paths that anyone may call.
pub(crate) fn public() -> Router<Arc<App>> {
    Router::new()
        .route("/v2/health/live", get(live))
        .route("/v2/health/ready", get(ready))
}

/// The paths that need the token.
pub(crate) fn protected() -> Router<Arc<App>> {
    let mut router = Router::new().route("/v2", get(server));
    for base in [
        "/v2/models/{model}",
        "/v2/models/{model}/versions/{version}",
    ] {
        router = router
            .route(base, get(model))
            .route(&format!("{base}/ready"), get(model_ready))
            .route(&format!("{base}/infer"), post(infer));
    }
    router
}

async fn live() -> Response {
    response(&json!({"live": true}))
}

async fn ready(State(app): AppState) -> Response {
    let ready = !app.is_stopping();
    let status = match ready {
        true => StatusCode::OK,
        false => StatusCode::SERVICE_UNAVAILABLE,
    };
    (status, response(&json!({"ready": ready}))).into_response()
}

async fn server() -> Response {
    let version = env!("CARGO_PKG_VERSION");
    response(&json!({"name": "backburn", "version": version, "extensions": []}))
}

async fn model(State(app): AppState, Path(path): Path<ModelPath>) -> Result<Response, Fault> {
    let (_, loaded) = find(&app, &path)?;
    let (inputs, outputs) = tensors(loaded.predictor.model());
    Ok(response(&json!({
        "name": loaded.name.name,
        "versions": [loaded.name.version.to_string()],
        "platform": "backburn",
        "inputs": inputs,
        "outputs": outputs,
    })))
}

async fn model_ready(State(app): AppState, Path(path): Path<ModelPath>) -> Result<Response, Fault> {
    let (_, loaded) = find(&app, &path)?;
    Ok(response(&json!({"name": loaded.name.name, "ready": true})))
}

async fn infer(
    State(app): AppState,
    Path(path): Path<ModelPath>,
    body: Body,
) -> Result<Answer, Fault> {
    let (model, _) = find(&app, &path)?;
    Ok(app.predict(model, Protocol::Tensors, body).await?)
}

/// The model of a path, which must have the version if the path names one.
fn find<'a>(
    app: &'a App,
    path: &ModelPath,
) -> Result<(&'a ServedModel, Arc<LoadedModel>), Problem> {
    let model = app.model(Some(&path.model))?;
    let loaded = model.current();
    let now = loaded.name.version.to_string();
    match &path.version {
        Some(version) if *version != now => Err(Problem::not_found(format!(
            "there is no version `{}` of the model: there is {now}",
            shown(version)
        ))),
        _ => Ok((model, loaded)),
    }
}

fn response(value: &Value) -> Response {
    ([(CONTENT_TYPE, "application/json")], value.to_string()).into_response()
}
