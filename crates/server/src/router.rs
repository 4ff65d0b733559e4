//! The paths of a server.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;

use axum::Router;
use axum::body::Body;
use axum::extract::{MatchedPath, Path, RawQuery, Request, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde_json::{Value, json};
use tower_http::catch_panic::CatchPanicLayer;

use crate::answer::{Answer, AnsweredRows};
use crate::app::App;
use crate::columns::request_schema;
use crate::event::ServerEvent;
use crate::kserve;
use crate::media::{Content, Media};
use crate::metrics::MEDIA_TYPE;
use crate::openapi::openapi;
use crate::problem::Problem;
use crate::query::PredictQuery;
use crate::request::Protocol;

/// The address that a request came from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Peer(pub IpAddr);

type AppState = State<Arc<App>>;

/// The paths of a server.
pub(crate) fn router(app: Arc<App>) -> Router {
    let protected = Router::new()
        .route("/predict", post(predict))
        .route("/schema", get(schema))
        .route("/models", get(models))
        .route("/models/{model}/predict", post(predict_by_name))
        .route("/models/{model}/schema", get(schema_by_name))
        .route("/openapi.json", get(document))
        .route("/metrics", get(metrics))
        .merge(kserve::protected())
        .route_layer(from_fn_with_state(app.clone(), authorize));
    let public = Router::new()
        .route("/health", get(health))
        .merge(kserve::public());
    protected
        .merge(public)
        .fallback(not_found)
        .method_not_allowed_fallback(wrong_method)
        .layer(CatchPanicLayer::custom(|_| {
            Problem::internal().into_response()
        }))
        .layer(from_fn_with_state(app.clone(), observe))
        .with_state(app)
}

/// Refuses a request without the token.
async fn authorize(State(app): AppState, request: Request, next: Next) -> Response {
    match &app.token {
        Some(token) if !token.is_in(request.headers()) => {
            let detail = "give the token in the header `Authorization: Bearer TOKEN`";
            let status = StatusCode::UNAUTHORIZED;
            Problem::new(status, "the token is missing or wrong", detail).into_response()
        }
        _ => next.run(request).await,
    }
}

/// Counts and logs each request.
async fn observe(State(app): AppState, request: Request, next: Next) -> Response {
    struct InProgress(Arc<App>);
    impl Drop for InProgress {
        fn drop(&mut self) {
            self.0.metrics.in_progress.dec();
        }
    }
    app.metrics.in_progress.inc();
    let in_progress = InProgress(app);
    let app = &in_progress.0;
    let start = Instant::now();
    let (method, path) = (
        request.method().to_string(),
        request.uri().path().to_string(),
    );
    let matched = request.extensions().get::<MatchedPath>();
    let endpoint = matched.map_or("other".to_string(), |path| path.as_str().to_string());
    let peer = request.extensions().get::<Peer>().map(|peer| peer.0);
    let response = next.run(request).await;
    let duration = start.elapsed();
    let status = response.status().as_u16();
    app.metrics.answered(&endpoint, status, duration);
    app.log.report(&ServerEvent::Request {
        peer,
        method,
        path,
        status,
        rows: response
            .extensions()
            .get::<AnsweredRows>()
            .map(|rows| rows.0),
        seconds: duration.as_secs_f64(),
    });
    response
}

async fn predict(
    app: AppState,
    headers: HeaderMap,
    query: RawQuery,
    body: Body,
) -> Result<Answer, Problem> {
    predict_with(&app, None, (&headers, query), body).await
}

async fn predict_by_name(
    app: AppState,
    Path(model): Path<String>,
    headers: HeaderMap,
    query: RawQuery,
    body: Body,
) -> Result<Answer, Problem> {
    predict_with(&app, Some(&model), (&headers, query), body).await
}

async fn predict_with(
    app: &App,
    model: Option<&str>,
    (headers, RawQuery(query)): (&HeaderMap, RawQuery),
    body: Body,
) -> Result<Answer, Problem> {
    let model = app.model(model)?;
    let query = PredictQuery::parse(query.as_deref())?;
    let content = Content::of_request(headers)?;
    let usual = match query.explanations {
        true => Media::Json,
        false => content.answer,
    };
    let answer = Media::of_answer(headers, usual)?;
    if query.explanations && answer != Media::Json {
        let detail = "explanations are given as application/json alone";
        return Err(Problem::malformed(detail));
    }
    let protocol = Protocol::Table {
        content,
        answer,
        query,
    };
    app.predict(model, protocol, body).await
}

async fn schema(State(app): AppState) -> Result<Response, Problem> {
    schema_of(&app, None)
}

async fn schema_by_name(
    State(app): AppState,
    Path(model): Path<String>,
) -> Result<Response, Problem> {
    schema_of(&app, Some(&model))
}

fn schema_of(app: &App, model: Option<&str>) -> Result<Response, Problem> {
    let loaded = app.model(model)?.current();
    let model = loaded.predictor.model();
    let schema = request_schema(model, &loaded.name.name, app.limits.rows);
    Ok(json_of("application/schema+json", &schema))
}

/// The models with their names, versions and targets.
async fn models(State(app): AppState) -> Response {
    let models = app.loaded().into_iter().map(|loaded| {
        let target = &loaded.predictor.model().target;
        json!({
            "name": loaded.name.name, "version": loaded.name.version, "target": target.column(),
            "task": target.task().name(),
        })
    });
    let models: Vec<Value> = models.collect();
    json_of("application/json", &json!({"models": models}))
}

async fn document(State(app): AppState) -> Response {
    let document = openapi(&app.loaded(), app.token.is_some());
    json_of("application/json", &document)
}

async fn metrics(State(app): AppState) -> Result<Response, Problem> {
    let text = app.metrics.text().map_err(|_| Problem::internal())?;
    Ok(([(CONTENT_TYPE, MEDIA_TYPE)], text).into_response())
}

async fn health(State(app): AppState) -> Response {
    match app.is_stopping() {
        false => json_of("application/json", &json!({"status": "ok"})),
        true => {
            let stopping = json_of("application/json", &json!({"status": "stopping"}));
            (StatusCode::SERVICE_UNAVAILABLE, stopping).into_response()
        }
    }
}

async fn not_found() -> Problem {
    Problem::not_found("there is no such path: /openapi.json lists them")
}

async fn wrong_method() -> Problem {
    let status = StatusCode::METHOD_NOT_ALLOWED;
    let detail = "the path has another method: /openapi.json lists them";
    Problem::new(status, "wrong method", detail)
}

/// A response with JSON.
fn json_of(media: &'static str, value: &Value) -> Response {
    ([(CONTENT_TYPE, media)], value.to_string()).into_response()
}
