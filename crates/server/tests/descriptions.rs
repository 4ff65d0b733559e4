//! What a server says about itself: schemas, the OpenAPI document, metrics, and the protocol of KServe.

use crate::common::*;
use serde_json::{Value, json};

#[tokio::test]
async fn the_schema_has_the_columns_of_the_model() {
    let router = houses();
    let answer = get(&router, "/schema").await;
    assert_eq!(answer.media(), "application/schema+json");
    let schema = answer.json();
    assert_eq!(get(&router, "/models/houses/schema").await.json(), schema);
    let row = &schema["$defs"]["row"];
    assert_eq!(
        row["required"],
        json!(["size", "built", "street", "quarter"])
    );
    let columns = &row["properties"];
    assert_eq!(columns["size"]["type"], json!(["number", "null"]));
    assert!(
        columns["size"]["description"]
            .as_str()
            .unwrap()
            .contains("in training from")
    );
    assert_eq!(columns["built"]["type"], json!(["string", "null"]));
    assert_eq!(columns["street"]["examples"].as_array().unwrap().len(), 3);
    assert_eq!(schema["oneOf"][1]["maxItems"], 100_000);
}

#[tokio::test]
async fn the_document_lists_the_paths_and_its_references_exist() {
    let router = router(config(&[("houses", NUMBER), ("kinds", CLASSES)]));
    let document = get(&router, "/openapi.json").await.json();
    assert_eq!(document["openapi"], "3.1.0");
    let paths = document["paths"].as_object().unwrap();
    assert!(!paths.contains_key("/predict"));
    for path in [
        "/models/houses/predict",
        "/models/kinds/predict",
        "/models/kinds/schema",
        "/health",
    ] {
        assert!(paths.contains_key(path), "{path}");
    }
    for path in paths
        .keys()
        .filter(|path| paths[*path].get("get").is_some())
    {
        assert_eq!(get(&router, path).await.status.as_u16(), 200, "{path}");
    }
    fn references(value: &Value, all: &mut Vec<String>) {
        match value {
            Value::Object(object) => {
                if let Some(Value::String(reference)) = object.get("$ref") {
                    all.push(reference.clone());
                }
                object.values().for_each(|value| references(value, all));
            }
            Value::Array(values) => values.iter().for_each(|value| references(value, all)),
            _ => {}
        }
    }
    let mut all = Vec::new();
    references(&document, &mut all);
    assert!(!all.is_empty());
    for reference in all {
        let place = reference.strip_prefix('#').unwrap();
        assert!(document.pointer(place).is_some(), "{reference}");
    }
    let single = get(&houses(), "/openapi.json").await.json();
    assert!(single["paths"]["/predict"].is_object());
}

#[tokio::test]
async fn metrics_count_what_is_unlike_training() {
    let router = houses();
    let row = json!({"size": 1e6, "built": "2050-01-01", "street": "moon", "quarter": null});
    for _ in 0..2 {
        post(&router, "/predict", JSON, row.to_string()).await;
    }
    post(&router, "/predict", JSON, "{").await;
    post(&router, "/nowhere", JSON, "{").await;
    let answer = get(&router, "/metrics").await;
    assert!(
        answer.media().starts_with("application/openmetrics-text"),
        "{}",
        answer.media()
    );
    let text = answer.text();
    for line in [
        "backburn_requests_total{endpoint=\"/predict\",status=\"200\"} 2",
        "backburn_requests_total{endpoint=\"/predict\",status=\"400\"} 1",
        "backburn_requests_total{endpoint=\"other\",status=\"404\"} 1",
        "backburn_rows_total{model=\"houses\"} 2",
        "backburn_out_of_range_values_total{model=\"houses\",column=\"size\"} 2",
        "backburn_out_of_range_values_total{model=\"houses\",column=\"built\"} 2",
        "backburn_unseen_categories_total{model=\"houses\",column=\"street\"} 2",
        "backburn_missing_values_total{model=\"houses\",column=\"quarter\"} 2",
        "backburn_model_version{model=\"houses\"} 1",
        "backburn_requests_in_progress 1",
        "backburn_request_duration_seconds_count{endpoint=\"/predict\"} 3",
        "# EOF",
    ] {
        assert!(text.lines().any(|found| found == line), "{line}\n{text}");
    }
}

#[tokio::test]
async fn kserve_gets_the_same_predictions() {
    let router = houses();
    assert_eq!(
        get(&router, "/v2/health/live").await.json(),
        json!({"live": true})
    );
    assert_eq!(
        get(&router, "/v2/health/ready").await.json(),
        json!({"ready": true})
    );
    assert_eq!(get(&router, "/v2").await.json()["name"], "backburn");
    let model = get(&router, "/v2/models/houses").await.json();
    assert_eq!(model["versions"], json!(["1"]));
    let tensor = json!({"name": "size", "datatype": "FP64", "shape": [-1]});
    assert_eq!(model["inputs"][0], tensor);
    let output = json!({"name": "prediction", "datatype": "FP64", "shape": [-1]});
    assert_eq!(model["outputs"], json!([output]));
    let ready = get(&router, "/v2/models/houses/versions/1/ready").await;
    assert_eq!(ready.json()["ready"], true);

    let rows = json_rows();
    let input = |name: &str, datatype: &str| {
        let data: Vec<&Value> = rows.iter().map(|row| &row[name]).collect();
        json!({"name": name, "datatype": datatype, "shape": [rows.len(), 1], "data": data})
    };
    let request = json!({
        "id": "a",
        "parameters": {"interval": 80},
        "inputs": [
            input("size", "FP64"), input("built", "BYTES"), input("street", "BYTES"),
            input("quarter", "BYTES"),
        ],
    });
    let path = "/v2/models/houses/versions/1/infer";
    let answer = post(&router, path, JSON, request.to_string()).await.json();
    assert_eq!(
        (&answer["id"], &answer["model_version"]),
        (&json!("a"), &json!("1"))
    );
    let names: Vec<&Value> = answer["outputs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|output| &output["name"])
        .collect();
    assert_eq!(names, ["prediction", "lower", "upper"]);
    assert_eq!(answer["outputs"][0]["shape"], json!([60]));
    assert_eq!(
        answer["outputs"][0]["data"],
        json!(numbers(&PREDICTIONS, "prediction"))
    );
}

#[tokio::test]
async fn kserve_gets_its_errors() {
    let router = router(config(&[("kinds", CLASSES)]));
    for (path, body, status, words) in [
        ("/v2/models/cars/infer", json!({}), 404, "no model `cars`"),
        (
            "/v2/models/kinds/versions/7/infer",
            json!({}),
            404,
            "no version `7`",
        ),
        (
            "/v2/models/kinds/infer",
            json!({}),
            400,
            "missing field `inputs`",
        ),
        (
            "/v2/models/kinds/infer",
            json!({"inputs": []}),
            400,
            "no `inputs`",
        ),
        (
            "/v2/models/kinds/infer",
            json!({"inputs": [{"name": "size", "shape": [1], "datatype": "FP64", "data": [1]}]}),
            422,
            "the rows lack the columns",
        ),
    ] {
        let answer = post(&router, path, JSON, body.to_string()).await;
        assert_eq!(
            (answer.status.as_u16(), answer.media()),
            (status, JSON),
            "{path}"
        );
        let error = answer.json()["error"].as_str().unwrap().to_string();
        assert!(error.contains(words), "{error}");
    }
}
