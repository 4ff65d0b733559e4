//! Looking into a finished training run: the learning curve and the report.

use backburn_report::{LearningCurve, Report};
use backburn_tabular::Table;
use backburn_training::{Illness, StopReason};

use crate::baseline;
use crate::config::RunConfig;
use crate::console::count;
use crate::data::Understood;
use crate::device::Chosen;
use crate::error::Error;
use crate::explaining::explain;
use crate::learning_curve::{learning_curve, split_for_curve, too_little_data};
use crate::reporting;
use crate::training::{Manner, Trained};

/// With up to so many rows to train on, the learning curve is drawn without being asked for.
pub const FEW_ROWS: usize = 300;

/// How often each column is shuffled for its importance.
const REPEATS: usize = 5;

/// What a network was trained on and scored on.
pub struct LookedAt<'a> {
    pub table: &'a Table,
    pub test: Option<&'a Table>,
    pub understood: &'a Understood,
    pub config: &'a RunConfig,
    pub chosen: &'a Chosen,
    pub manner: Manner<'a>,
}

impl LookedAt<'_> {
    /// The learning curve; what it shows goes to the findings.
    pub fn learning_curve(&self, trained: &mut Trained) -> Result<Option<LearningCurve>, Error> {
        // Whoever stopped one training does not want more of them.
        if trained.stop == StopReason::Interrupted {
            return Ok(None);
        }
        let split = split_for_curve(trained, self.understood, self.config);
        let curve = learning_curve(
            self.table,
            self.test,
            self.understood,
            (trained, &split),
            self.config,
            self.chosen,
            self.manner,
        )?;
        let held_out = match self.test {
            Some(test) => test.clone(),
            None => self.table.select("validation", &split.validation)?,
        };
        // Chance decides over fewer.
        const FEWEST_ROWS: usize = 20;
        const FEWEST_EPOCHS: usize = 10;
        // A run that is sick itself says nothing about the rows.
        let sound = trained.findings.iter().all(|finding| {
            use Illness::{ClassImbalance, Leakage, Overfitting};
            matches!(finding.name, Overfitting | ClassImbalance | Leakage)
        });
        if let Some(curve) = &curve
            && held_out.rows() >= FEWEST_ROWS
            && sound
            && trained.model.summary.epochs >= FEWEST_EPOCHS
        {
            let target = &trained.model.target;
            let constant = baseline::constant(self.table, self.understood, target, &held_out)?;
            let finding = too_little_data(curve, constant.error().1, self.config);
            trained.findings.extend(finding);
        }
        Ok(curve)
    }

    /// The report, with the scores beside that of the validation rows.
    pub fn report(
        &self,
        trained: &Trained,
        scores: &[(String, String)],
        curve: Option<LearningCurve>,
    ) -> Result<Report, Error> {
        let (rows, numbers, what) = self.explained_rows(trained)?;
        let model = &trained.model;
        let seed = model.summary.seed;
        let explained = explain(model, &rows, &[], numbers, REPEATS, seed, self.chosen)?;
        let unit = self.manner.unit;
        let mut report = reporting::of_model(model, &explained, &rows, numbers, what, unit)?;
        reporting::add_training(&mut report, &self.understood.notes, curve);
        if trained.stop == StopReason::Interrupted {
            let reached = match trained.wanted {
                1 => count(model.summary.epochs, "epoch"),
                _ => count(model.network.members.len(), "network"),
            };
            let further = match self.manner.time_limit {
                Some(_) => "",
                None => ": the command trains to the end",
            };
            let note = format!("training was interrupted after {reached}{further}");
            report.notes.insert(0, note);
        }
        if !trained.history.epochs.is_empty() {
            report.findings = Some(trained.findings.clone());
        }
        report.history = Some(trained.history.clone());
        report.facts.insert(
            2,
            ("columns".to_string(), self.understood.columns_in_words()),
        );
        report.scores = scores.to_vec();
        if let Some(score) = &trained.validation {
            report
                .scores
                .push(("validation".to_string(), score.line(unit)));
        }
        report.command = reporting::command();
        Ok(report)
    }

    /// Rows that the network did not learn from, if there are any, and their indices in the file.
    fn explained_rows<'b>(
        &self,
        trained: &'b Trained,
    ) -> Result<(Table, Option<&'b [usize]>, String), Error> {
        let split = &trained.split;
        if let Some(test) = self.test {
            let rows = count(test.rows(), "row");
            let what = format!("{rows} of {}, which were not learned from", test.name());
            return Ok((test.clone(), None, what));
        }
        let (rows, why) = match split.validation.is_empty() {
            false => (&split.validation, "that chose the best epoch"),
            true => (
                &split.training,
                "that were learned from: no others were set aside",
            ),
        };
        let table = self.table.select(self.table.name(), rows)?;
        let what = format!("the {} {why}", count(rows.len(), "row"));
        Ok((table, Some(rows), what))
    }
}
