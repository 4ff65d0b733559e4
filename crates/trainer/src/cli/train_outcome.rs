//! The outcome of a training, printed. `train` and `example` share it.

use backburn::baselines::constant_line;
use backburn::{Dataset, FittedModel, Table, TestResult, Warning};

use crate::error::Error;
use crate::ui::console::Console;

/// Scores a model on a test table, and stores the score in the model.
pub fn test(
    model: &mut FittedModel,
    data: &Dataset,
    test: &Table,
    console: Console,
) -> Result<TestResult, Error> {
    let tested = model.test(data, test)?;
    for note in &tested.notes {
        console.paragraph("note", note);
    }
    Ok(tested)
}

/// Prints the scores of a model.
pub fn show_scores(
    model: &FittedModel,
    tested: Option<&TestResult>,
    data: &Dataset,
    console: Console,
) {
    let record = model.record();
    match record.and_then(|record| record.validation.as_ref()) {
        Some(score) => console.entry("validation", score.line("")),
        None if tested.is_none() => console.paragraph("note", Warning::NotScored),
        None => {}
    }
    if let Some(constant) = record.and_then(|record| record.constant.as_ref()) {
        console.detail("baseline", constant_line(constant, data.task(), ""));
    }
    if let Some(trade_off) = &model.model().summary.trade_off {
        console.details("threshold", trade_off.lines());
    }
    if let Some(tested) = tested {
        show_test(tested, data, console);
    }
}

fn show_test(tested: &TestResult, data: &Dataset, console: Console) {
    console.entry("test", tested.score.line(""));
    if let Some(reliability) = &tested.reliability {
        console.detail(reliability.heading(), reliability);
    }
    console.detail("baseline", constant_line(&tested.constant, data.task(), ""));
    if let Some(note) = tested.no_better_note() {
        console.paragraph("note", note);
    }
}
