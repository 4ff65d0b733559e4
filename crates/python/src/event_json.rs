//! Events of a fit as JSON.

use backburn::Event;
use serde_json::{Value, json};

/// An event as a JSON object, whose `event` is its name. `None` for the end of a batch: there are too many of them
/// to call Python for each.
pub fn event_json(event: &Event) -> Option<Value> {
    about_selection(event)
        .or_else(|| about_training(event))
        .or_else(|| about_results(event))
}

fn about_selection(event: &Event) -> Option<Value> {
    Some(match event {
        Event::SelectionStart {
            run,
            selection,
            trials,
        } => {
            json!({ "event": "selection_start", "run": run, "selection": selection, "trials": trials })
        }
        Event::TrialEnd { selection, trials } => {
            json!({ "event": "trial_end", "selection": selection, "trials": trials })
        }
        Event::Selected { run, selected } => {
            json!({ "event": "selected", "run": run, "selected": selected, "message": selected.to_string() })
        }
        _ => return None,
    })
}

fn about_training(event: &Event) -> Option<Value> {
    Some(match event {
        Event::EnsembleStart {
            run,
            members,
            hidden,
        } => json!({ "event": "ensemble_start", "run": run, "members": members, "hidden": hidden }),
        Event::NetworkStart { job, network } => {
            json!({ "event": "network_start", "job": job.name, "network": network.to_string() })
        }
        Event::FitStart { job, start } => {
            json!({ "event": "fit_start", "job": job.name, "start": start })
        }
        Event::EpochEnd {
            job,
            report,
            scorer,
        } => json!({
            "event": "epoch_end",
            "job": job.name,
            "epoch": report.epoch,
            "training_loss": report.training_loss,
            "validation_loss": report.validation.as_ref().map(|validation| validation.loss),
            "score": scorer.score(report).map(|score| score.main()),
            "learning_rate": report.learning_rate,
            "best": report.best,
        }),
        Event::FitEnd {
            job,
            stop,
            learning_rate,
        } => {
            json!({ "event": "fit_end", "job": job.name, "stop": stop, "learning_rate": learning_rate })
        }
        _ => return None,
    })
}

fn about_results(event: &Event) -> Option<Value> {
    Some(match event {
        Event::MemberEnd {
            run,
            member,
            members,
            score,
            ..
        } => json!({
            "event": "member_end",
            "run": run,
            "member": member,
            "members": members,
            "score": score.map(|score| score.main()),
        }),
        Event::RefitEnd { rows, epochs } => {
            json!({ "event": "refit_end", "rows": rows, "epochs": epochs })
        }
        Event::Warning(warning) => {
            json!({ "event": "warning", "message": warning.to_string(), "warning": warning })
        }
        _ => return None,
    })
}
