//! Fits that are stopped while trials choose settings.

#![cfg(feature = "train")]

use std::io::Cursor;
use std::sync::atomic::{AtomicUsize, Ordering};

use backburn::{
    Config, Dataset, Error, Estimator, Event, FitContext, ReadOptions, StopToken, Table,
};

fn houses() -> Dataset {
    let mut csv = "size,rooms,price\n".to_string();
    for row in 0..120 {
        let (size, rooms) = (40 + row * 37 % 113, 1 + row * 7 % 5);
        csv += &format!("{size},{rooms},{}\n", size * 2 + rooms * 15);
    }
    let table = Table::from_reader("t", Cursor::new(csv), &ReadOptions::default()).unwrap();
    Dataset::new(table, "price", &Default::default()).unwrap()
}

#[test]
fn no_trial_begins_after_a_stop() {
    let (stop, begun) = (StopToken::new(), AtomicUsize::new(0));
    let observer = |event: &Event| match event {
        Event::SelectionStart { .. } => stop.stop(),
        Event::NetworkStart { .. } => {
            begun.fetch_add(1, Ordering::Relaxed);
        }
        _ => {}
    };
    let context = FitContext {
        observer: &observer,
        stop: stop.clone(),
        ..FitContext::default()
    };
    let stopped = Estimator::new(Config::default()).fit(&houses(), &context);
    assert!(matches!(stopped, Err(Error::Interrupted)));
    assert_eq!(begun.load(Ordering::Relaxed), 0);
}
