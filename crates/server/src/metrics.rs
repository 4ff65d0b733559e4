//! Counts for Prometheus.

use std::fmt;
use std::time::Duration;

use backburn::{ColumnCounts, Encoder};
use prometheus_client::encoding::{EncodeLabelSet, text};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

/// The upper bounds of the buckets of durations, in seconds.
const SECONDS: [f64; 14] = [
    0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0,
];
/// The upper bounds of the buckets of rows.
const ROWS: [f64; 10] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 1024.0, 8192.0];

/// The media type of the text.
pub(crate) const MEDIA_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Endpoint {
    endpoint: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Answered {
    endpoint: String,
    status: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Model {
    model: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Column {
    model: String,
    column: String,
}

/// Counts of what a server does, and of what is unlike training in the rows that it predicts.
pub(crate) struct Metrics {
    registry: Registry,
    requests: Family<Answered, Counter>,
    durations: Family<Endpoint, Histogram>,
    rows: Family<Model, Counter>,
    together: Family<Model, Histogram>,
    missing: Family<Column, Counter>,
    unseen: Family<Column, Counter>,
    beyond: Family<Column, Counter>,
    version: Family<Model, Gauge>,
    refused: Family<Model, Counter>,
    /// The open connections.
    pub connections: Gauge,
    /// The requests in progress.
    pub in_progress: Gauge,
}

impl Metrics {
    pub fn new() -> Self {
        let metrics = Self {
            registry: Registry::with_prefix("backburn"),
            requests: Family::default(),
            durations: Family::new_with_constructor(|| Histogram::new(SECONDS)),
            rows: Family::default(),
            together: Family::new_with_constructor(|| Histogram::new(ROWS)),
            missing: Family::default(),
            unseen: Family::default(),
            beyond: Family::default(),
            version: Family::default(),
            refused: Family::default(),
            connections: Gauge::default(),
            in_progress: Gauge::default(),
        };
        metrics.registered()
    }

    fn registered(mut self) -> Self {
        let all = &mut self.registry;
        let durations = self.durations.clone();
        all.register("requests", "Answered requests", self.requests.clone());
        let help = "The time from the header of a request to its answer";
        all.register_with_unit("request_duration", help, Unit::Seconds, durations);
        all.register("rows", "Predicted rows", self.rows.clone());
        let help = "Rows that were predicted in one pass of the networks";
        all.register("batch_rows", help, self.together.clone());
        let help = "Rows without a value in a column";
        all.register("missing_values", help, self.missing.clone());
        let help = "Rows with a category that the training rows did not have";
        all.register("unseen_categories", help, self.unseen.clone());
        let help = "Rows with a value beyond those of the training rows";
        all.register("out_of_range_values", help, self.beyond.clone());
        let help = "How many models have been served by this name";
        all.register("model_version", help, self.version.clone());
        let help = "Changed model files that were refused";
        all.register("model_refusals", help, self.refused.clone());
        all.register("connections", "Open connections", self.connections.clone());
        let help = "Requests in progress";
        all.register("requests_in_progress", help, self.in_progress.clone());
        self
    }

    /// Counts an answer.
    pub fn answered(&self, endpoint: &str, status: u16, duration: Duration) {
        let endpoint = endpoint.to_string();
        let of_endpoint = Endpoint {
            endpoint: endpoint.clone(),
        };
        self.durations
            .get_or_create(&of_endpoint)
            .observe(duration.as_secs_f64());
        self.requests
            .get_or_create(&Answered { endpoint, status })
            .inc();
    }

    /// Counts rows that were predicted in one pass.
    pub fn predicted(&self, model: &str, rows: usize) {
        let model = Model {
            model: model.to_string(),
        };
        self.rows.get_or_create(&model).inc_by(rows as u64);
        self.together.get_or_create(&model).observe(rows as f64);
    }

    /// Counts what is unlike training.
    pub fn add_counts(&self, model: &str, encoder: &Encoder, counts: &[ColumnCounts]) {
        for (column, counts) in encoder.columns.iter().zip(counts) {
            let all = [
                (&self.missing, counts.missing),
                (&self.unseen, counts.unseen),
                (&self.beyond, counts.beyond),
            ];
            for (family, rows) in all.into_iter().filter(|(_, rows)| *rows > 0) {
                let labels = Column {
                    model: model.to_string(),
                    column: column.name().to_string(),
                };
                family.get_or_create(&labels).inc_by(rows as u64);
            }
        }
    }

    /// A model is served.
    pub fn served(&self, model: &str, version: u64) {
        let model = Model {
            model: model.to_string(),
        };
        self.version.get_or_create(&model).set(version as i64);
    }

    /// A changed model file was refused.
    pub fn refused(&self, model: &str) {
        let model = Model {
            model: model.to_string(),
        };
        self.refused.get_or_create(&model).inc();
    }

    /// All counts in the text format of OpenMetrics.
    pub fn text(&self) -> Result<String, fmt::Error> {
        let mut all = String::new();
        text::encode(&mut all, &self.registry)?;
        Ok(all)
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Metrics")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_have_names_and_labels() {
        let metrics = Metrics::new();
        metrics.answered("/predict", 200, Duration::from_micros(700));
        metrics.predicted("houses", 3);
        metrics.served("houses", 1);
        let json = r#"{"columns": [{"kind": "numeric", "name": "a \"b\"", "indicator": false,
            "scale": {"mean": 0.0, "std": 1.0}}]}"#;
        let encoder: Encoder = serde_json::from_str(json).unwrap();
        let counts = ColumnCounts {
            beyond: 2,
            ..ColumnCounts::default()
        };
        metrics.add_counts("houses", &encoder, &[counts]);
        let text = metrics.text().unwrap();
        for line in [
            "backburn_requests_total{endpoint=\"/predict\",status=\"200\"} 1",
            "backburn_request_duration_seconds_bucket{le=\"0.001\",endpoint=\"/predict\"} 1",
            "backburn_rows_total{model=\"houses\"} 3",
            "backburn_out_of_range_values_total{model=\"houses\",column=\"a \\\"b\\\"\"} 2",
            "backburn_model_version{model=\"houses\"} 1",
        ] {
            assert!(text.contains(line), "{line}\n{text}");
        }
        assert!(!text.contains("unseen_categories_total{"), "{text}");
    }
}
