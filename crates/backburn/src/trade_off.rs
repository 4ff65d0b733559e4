//! What different decision thresholds of a model do.

use serde::{Deserialize, Serialize};

use crate::text::{number, shown};

/// What different decision thresholds do on rows that were not trained on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TradeOff {
    /// The positive class.
    pub positive: String,
    /// The name of the metric that the threshold is chosen for.
    pub metric: String,
    /// The chosen threshold.
    pub threshold: f64,
    /// Several thresholds in rising order, the chosen one among them.
    pub points: Vec<TradeOffPoint>,
}

/// What a decision threshold does.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TradeOffPoint {
    /// The positive class is predicted if its probability is at least this.
    pub threshold: f64,
    /// The metric.
    pub score: f64,
    /// The share of rows for which the positive class is predicted.
    pub positive: f64,
    /// The share of these rows that are of the positive class; `None` if there are none.
    pub precision: Option<f64>,
    /// The share of the rows of the positive class for which it is predicted.
    pub recall: Option<f64>,
}

impl TradeOff {
    /// The trade-off as lines of text: a sentence about the choice, then a table.
    pub fn lines(&self) -> Vec<String> {
        let share = |share: Option<f64>| match share {
            Some(share) => format!("{:.1} %", share * 100.0),
            None => "undefined".to_string(),
        };
        let metric = &self.metric;
        let mut lines = vec![
            format!(
                "`{}` is predicted if its probability is at least {}, which is best for {metric}",
                shown(&self.positive),
                number(self.threshold),
            ),
            format!("threshold  {metric:>17}  predicted  precision     recall"),
        ];
        lines.extend(self.points.iter().map(|point| {
            let mark = match point.threshold == self.threshold {
                true => "  (chosen)",
                false => "",
            };
            format!(
                "{:>9}  {:>17}  {:>9}  {:>9}  {:>9}{mark}",
                number(point.threshold),
                number(point.score),
                share(Some(point.positive)),
                share(point.precision),
                share(point.recall),
            )
        }));
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_chosen_threshold_is_marked() {
        let point = |threshold| TradeOffPoint {
            threshold,
            score: 0.75,
            positive: 0.25,
            precision: None,
            recall: Some(0.5),
        };
        let trade_off = TradeOff {
            positive: "yes".to_string(),
            metric: "f1".to_string(),
            threshold: 0.3125,
            points: vec![point(0.3125), point(0.5)],
        };
        let lines = trade_off.lines();
        assert_eq!(lines.len(), 4);
        assert!(lines[0].starts_with("`yes` is predicted if its probability is at least 0.31"));
        assert!(lines[2].ends_with("(chosen)") && lines[2].contains("undefined"));
        assert!(lines[3].ends_with("50.0 %"), "{}", lines[3]);
        let json = serde_json::to_string(&trade_off).unwrap();
        let read: TradeOff = serde_json::from_str(&json).unwrap();
        assert_eq!(read, trade_off);
    }
}
