//! Requests that are wrong, too large or not allowed.

use std::pin::Pin;
use std::task::{Context, Poll};

use crate::common::*;
use axum::body::{Body, Bytes};
use axum::http::Request;
use axum::http::header::{AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE};
use backburn_server::Token;
use hyper::body::Frame;
use serde_json::json;

#[tokio::test]
async fn another_type_is_refused() {
    let router = houses();
    for media in ["text/plain", "application/xml", "", "json"] {
        let answer = post(&router, "/predict", media, TABLE).await;
        answer.is_problem(415, &["`Content-Type` must be application/json"]);
    }
    let request = Request::post("/predict").body(Body::from(TABLE)).unwrap();
    call(&router, request)
        .await
        .is_problem(415, &["Content-Type"]);
    let request = Request::post("/predict")
        .header(CONTENT_TYPE, CSV)
        .header(CONTENT_ENCODING, "gzip");
    let answer = call(&router, request.body(Body::from(TABLE)).unwrap()).await;
    answer.is_problem(415, &["may not be compressed"]);
    let answer = post_for(&router, "/predict", (CSV, "image/png"), TABLE).await;
    answer.is_problem(406, &["Accept"]);
    // The stated type counts, and not what the body looks like.
    let answer = post(&router, "/predict", JSON, TABLE).await;
    answer.is_problem(400, &["this is not JSON"]);
    let answer = post(&router, "/predict", ARROW, TABLE).await;
    answer.is_problem(400, &["the request: the Arrow file is damaged"]);
}

#[tokio::test]
async fn rows_that_do_not_fit_are_named_by_row_and_column() {
    let router = houses();
    let answer = post(
        &router,
        "/predict",
        JSON,
        "[{\"size\": 100, \"street\": \"north\"}]",
    )
    .await;
    answer.is_problem(422, &["the rows lack the columns `built`, `quarter`"]);
    assert_eq!(answer.json()["errors"][1]["column"], "quarter");

    let mut rows = json_rows();
    rows[3]["size"] = json!("large");
    rows[5]["size"] = json!("small");
    rows[4]["built"] = json!("soon");
    let answer = post(&router, "/predict", JSON, json!(rows).to_string()).await;
    answer.is_problem(
        422,
        &["row 4: column `size` holds numbers, but here is \\\"large\\\""],
    );
    let answer = answer.json();
    let places: Vec<(u64, &str)> = answer["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| {
            (
                error["row"].as_u64().unwrap(),
                error["column"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(places, [(4, "size"), (5, "built"), (6, "size")]);

    for row in &mut rows {
        row["size"] = json!("?!");
    }
    let answer = post(&router, "/predict", JSON, json!(rows).to_string()).await;
    assert_eq!(answer.json()["errors"].as_array().unwrap().len(), 20);
}

#[tokio::test]
async fn not_a_number_and_infinity_are_missing_values() {
    let router = houses();
    let row = |size: &str| {
        format!(
            "{{\"size\": {size}, \"built\": \"2000-01-01\", \"street\": \"north\", \"quarter\": \"quarter 1\"}}"
        )
    };
    let missing = post(&router, "/predict", JSON, row("null")).await.text();
    for size in [
        "NaN",
        "Infinity",
        "-Infinity",
        "1e999",
        "1e300",
        "\"NaN\"",
        "\"inf\"",
    ] {
        let answer = post(&router, "/predict", JSON, row(size)).await;
        assert_eq!(answer.text(), missing, "{size}");
    }
    for size in ["nan", "inf", "-inf", "1e999"] {
        let csv = format!("size,built,street,quarter\n{size},2000-01-01,north,quarter 1\n");
        let answer = post_for(&router, "/predict", (CSV, JSON), csv).await;
        assert_eq!(answer.text(), missing, "{size}");
    }
}

#[tokio::test]
async fn what_cannot_be_read_is_refused() {
    let router = houses();
    for (media, body) in [
        (JSON, "{\"size\": "),
        (JSON, "[1, 2]"),
        (JSON, "{\"size\": {\"0\": 1}, \"built\": {\"0\": 2}}"),
        (CSV, "size,built,street,quarter\n\"1,2\n"),
        (CSV, ""),
        (ARROW, ""),
        (ARROW, "\u{0}\u{0}\u{0}\u{0}"),
    ] {
        let answer = post(&router, "/predict", media, body).await;
        answer.is_problem(400, &["the request"]);
    }
    let deep = "[".repeat(100_000);
    for body in [deep.clone(), format!("{{\"size\": {deep}")] {
        let answer = post(&router, "/predict", JSON, body).await;
        answer.is_problem(400, &["this is not JSON"]);
    }
    for body in ["", "[]", "[{}]", "{}"] {
        let answer = post(&router, "/predict", JSON, body).await;
        assert_eq!(answer.status.as_u16(), 422, "{body}: {}", answer.text());
    }
}

#[tokio::test]
async fn large_requests_are_refused() {
    let mut config = config(&[("houses", NUMBER)]);
    config.limits.body = 100_000;
    config.limits.rows = 60;
    let router = router(config);
    let answer = post(&router, "/predict", CSV, TABLE).await;
    assert_eq!(answer.status.as_u16(), 200);
    let twice = format!("{TABLE}{}", TABLE.split_once('\n').unwrap().1);
    let answer = post(&router, "/predict", CSV, twice).await;
    answer.is_problem(413, &["more than 60 rows"]);
    let answer = post(&router, "/predict", CSV, vec![b'x'; 100_000_000]).await;
    answer.is_problem(413, &["more than 100000 bytes"]);
    let wide: Vec<String> = (0..2000).map(|n| format!("\"c{n}\":0")).collect();
    let answer = post(&router, "/predict", JSON, format!("{{{}}}", wide.join(","))).await;
    answer.is_problem(413, &["2000 columns"]);
}

/// A body of 100 MB that does not state its size.
struct Endless(usize);

impl hyper::body::Body for Endless {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context,
    ) -> Poll<Option<Result<Frame<Bytes>, std::io::Error>>> {
        self.0 += 1;
        let more = (self.0 <= 10_000).then(|| Ok(Frame::data(Bytes::from(vec![b'x'; 10_000]))));
        Poll::Ready(more)
    }
}

#[tokio::test]
async fn a_large_body_that_hides_its_size_is_refused() {
    let answer = post(&houses(), "/predict", CSV, Body::new(Endless(0))).await;
    answer.is_problem(413, &["more than 16000000 bytes"]);
}

#[tokio::test]
async fn a_large_request_is_predicted_batch_by_batch() {
    let rows = TABLE.split_once('\n').unwrap().1;
    let table = format!("{TABLE}{}", rows.repeat(999));
    let answer = post(&houses(), "/predict", CSV, table.clone()).await;
    let (header, rows) = PREDICTIONS.split_once('\n').unwrap();
    assert_eq!(answer.text(), format!("{header}\n{}", rows.repeat(1000)));
    // A wrong value far behind has its row.
    let wrong = format!("{table}x,2000-01-01,north,quarter 1,1,flat\n");
    let answer = post(&houses(), "/predict", CSV, wrong).await;
    answer.is_problem(422, &["row 60001"]);
}

#[tokio::test]
async fn without_the_token_only_health_is_told() {
    let mut config = config(&[("houses", NUMBER)]);
    config.token = Some(Token::new("secret").unwrap());
    let router = router(config);
    let with = |path: &str, token: &str| {
        let request = Request::get(path).header(AUTHORIZATION, token);
        request.body(Body::empty()).unwrap()
    };
    for path in [
        "/schema",
        "/models",
        "/metrics",
        "/openapi.json",
        "/v2/models/houses",
    ] {
        let answer = get(&router, path).await;
        answer.is_problem(401, &["Authorization: Bearer"]);
        assert_eq!(answer.headers["www-authenticate"], "Bearer");
        assert_eq!(
            call(&router, with(path, "Bearer wrong"))
                .await
                .status
                .as_u16(),
            401
        );
        assert_eq!(
            call(&router, with(path, "Bearer secret"))
                .await
                .status
                .as_u16(),
            200
        );
    }
    post(&router, "/predict", CSV, TABLE)
        .await
        .is_problem(401, &[]);
    for path in ["/health", "/v2/health/live", "/v2/health/ready"] {
        assert_eq!(get(&router, path).await.status.as_u16(), 200, "{path}");
    }
}

#[tokio::test]
async fn other_paths_and_methods_are_problems() {
    let router = houses();
    get(&router, "/").await.is_problem(404, &["/openapi.json"]);
    get(&router, "/predict")
        .await
        .is_problem(405, &["/openapi.json"]);
    post(&router, "/schema", JSON, "{}")
        .await
        .is_problem(405, &[]);
}
