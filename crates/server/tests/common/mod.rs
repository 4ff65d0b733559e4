//! Servers of the models among the fixtures, called with and without a network.

#![allow(dead_code)] // each test file uses a part

use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock, Mutex};

use axum::Router;
use axum::body::Body;
use axum::http::header::{ACCEPT, CONTENT_TYPE};
use axum::http::{HeaderMap, Method, Request, StatusCode};
use backburn::{Device, PredictionCsv, Predictor, ReadOptions, Table};
use backburn_server::{ModelSource, Server, ServerConfig, ServerEvent, ServerLog};
use http_body_util::BodyExt;
use serde_json::Value;
use tower::ServiceExt;

/// The columns `size`, `built`, `street`, `quarter`, `price` and `kind`.
pub const TABLE: &str = include_str!("../../../../tests/fixtures/models/table.csv");
/// The predictions of the model [`NUMBER`] for the table, as CSV.
pub static PREDICTIONS: LazyLock<String> = LazyLock::new(|| predictions_of(NUMBER));
/// The predictions of the model [`CLASSES`] for the table, as CSV.
pub static CLASS_PREDICTIONS: LazyLock<String> = LazyLock::new(|| predictions_of(CLASSES));

/// A model of prices.
pub const NUMBER: &str = "version-7-number";
/// Another model of prices.
pub const OTHER_NUMBER: &str = "version-6-number";
/// A model of three classes.
pub const CLASSES: &str = "version-7-classes";

pub const JSON: &str = "application/json";
pub const CSV: &str = "text/csv";
pub const ARROW: &str = "application/vnd.apache.arrow.stream";

/// The file of a model.
pub fn file(model: &str) -> PathBuf {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/models");
    fixtures.join(format!("{model}.safetensors"))
}

/// What the library predicts with a model for the table. Stored predictions differ in the last digits, which depend on
/// the processor.
fn predictions_of(model: &str) -> String {
    let table = Table::from_reader("table", TABLE.as_bytes(), &ReadOptions::default()).unwrap();
    let predictor = Predictor::load_on(file(model), &Device::flex()).unwrap();
    let predictions = predictor.predict_table(&table).unwrap();
    let mut bytes = Vec::new();
    let mut csv = PredictionCsv::new(&mut bytes, false);
    csv.write(&[], &predictions, None).unwrap();
    csv.finish().unwrap();
    String::from_utf8(bytes).unwrap()
}

/// A config that serves models of these names and files.
pub fn config(models: &[(&str, &str)]) -> ServerConfig {
    let models = models.iter();
    let models = models.map(|(name, model)| ModelSource::named(name, file(model)).unwrap());
    let mut config = ServerConfig::new(models.collect(), Device::flex());
    config.threads = 2;
    config
}

/// The paths of a server.
pub fn router(config: ServerConfig) -> Router {
    Server::load(config, ServerLog::default()).unwrap().router()
}

/// The paths of a server of the model [`NUMBER`] under the name `houses`.
pub fn houses() -> Router {
    router(config(&[("houses", NUMBER)]))
}

/// An answer.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn text(&self) -> String {
        String::from_utf8(self.body.clone()).unwrap()
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("{}", self.text()))
    }

    pub fn media(&self) -> &str {
        self.headers[CONTENT_TYPE].to_str().unwrap()
    }

    /// The predictions of an answer in JSON.
    pub fn predictions(&self) -> Vec<Value> {
        assert_eq!(self.status, StatusCode::OK, "{}", self.text());
        self.json()["predictions"].as_array().unwrap().clone()
    }

    /// Checks that the answer is a problem of this status whose text has these words.
    pub fn is_problem(&self, status: u16, words: &[&str]) {
        let text = self.text();
        assert_eq!(self.status.as_u16(), status, "{text}");
        assert_eq!(self.media(), "application/problem+json");
        assert_eq!(self.json()["status"], status);
        for word in words {
            assert!(text.contains(word), "no {word:?} in {text}");
        }
    }
}

/// Calls a server without a network.
pub async fn call(router: &Router, request: Request<Body>) -> Answer {
    let response = router.clone().oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    Answer {
        status: parts.status,
        headers: parts.headers,
        body: body.collect().await.unwrap().to_bytes().to_vec(),
    }
}

pub async fn get(router: &Router, path: &str) -> Answer {
    let request = Request::get(path).body(Body::empty()).unwrap();
    call(router, request).await
}

pub async fn post(router: &Router, path: &str, media: &str, body: impl Into<Body>) -> Answer {
    let request = Request::builder().method(Method::POST).uri(path);
    let request = request
        .header(CONTENT_TYPE, media)
        .body(body.into())
        .unwrap();
    call(router, request).await
}

/// As [`post`], with a type of answer that is asked for.
pub async fn post_for(
    router: &Router,
    path: &str,
    (media, accept): (&str, &str),
    body: impl Into<Body>,
) -> Answer {
    let request = Request::post(path)
        .header(CONTENT_TYPE, media)
        .header(ACCEPT, accept);
    call(router, request.body(body.into()).unwrap()).await
}

/// The rows of the table as JSON objects. Numbers are numbers, empty fields are null.
pub fn json_rows() -> Vec<Value> {
    let mut lines = TABLE.lines();
    let names: Vec<&str> = lines.next().unwrap().split(',').collect();
    let rows = lines.map(|line| {
        let fields = names.iter().zip(line.split(','));
        let object = fields.map(|(name, field)| {
            let value = match (field, field.parse::<f64>()) {
                ("", _) => Value::Null,
                (_, Ok(number)) => number.into(),
                _ => field.into(),
            };
            (name.to_string(), value)
        });
        Value::Object(object.collect())
    });
    rows.collect()
}

/// The numbers of a column of a CSV file.
pub fn numbers(csv: &str, column: &str) -> Vec<f64> {
    let mut lines = csv.lines();
    let names = lines.next().unwrap();
    let index = names.split(',').position(|name| name == column).unwrap();
    let number = |line: &str| line.split(',').nth(index).unwrap().parse().unwrap();
    lines.map(number).collect()
}

/// The predicted numbers of an answer in JSON.
pub fn predicted(answer: &Answer, name: &str) -> Vec<f64> {
    let rows = answer.predictions();
    rows.iter().map(|row| row[name].as_f64().unwrap()).collect()
}

/// Events that a server reported.
#[derive(Debug, Clone, Default)]
pub struct Events(Arc<Mutex<Vec<ServerEvent>>>);

impl Events {
    /// A log that keeps the events.
    pub fn log(&self) -> ServerLog {
        let events = self.0.clone();
        ServerLog::new(move |event| events.lock().unwrap().push(event.clone()))
    }

    pub fn all(&self) -> Vec<ServerEvent> {
        self.0.lock().unwrap().clone()
    }
}
