//! Watching the files of models.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::sync::Notify;
use tokio::task::spawn_blocking;
use tokio::time::{MissedTickBehavior, interval};

use crate::model::ServedModel;

/// What tells a file from the one that was at its path before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stamp {
    modified: Option<SystemTime>,
    bytes: u64,
    inode: u64,
}

impl Stamp {
    /// The stamp of the file at a path; `None` if there is none.
    fn of(path: &Path) -> Option<Self> {
        let about = fs::metadata(path).ok()?;
        Some(Self {
            modified: about.modified().ok(),
            bytes: about.len(),
            #[cfg(unix)]
            inode: std::os::unix::fs::MetadataExt::ino(&about),
            #[cfg(not(unix))]
            inode: 0,
        })
    }
}

/// The file of a model over time.
#[derive(Debug)]
struct Watched {
    /// The file that was last loaded or refused.
    seen: Option<Stamp>,
    /// The file at the last look.
    last: Option<Stamp>,
}

impl Watched {
    fn new(stamp: Option<Stamp>) -> Self {
        Self {
            seen: stamp,
            last: stamp,
        }
    }

    /// Whether the file is to be loaded: it has changed, and no longer changes, since a file that is being
    /// written is incomplete. `now` loads it in any case.
    fn look(&mut self, stamp: Option<Stamp>, now: bool) -> bool {
        let rests = stamp == self.last;
        self.last = stamp;
        let load = stamp.is_some() && (now || (rests && stamp != self.seen));
        if load {
            self.seen = stamp;
        }
        load
    }
}

/// Loads the files of models again when they change, or when `now` is notified. It never ends.
pub(crate) async fn watch(models: Vec<Arc<ServedModel>>, every: Duration, now: Arc<Notify>) {
    let stamps = models
        .iter()
        .map(|model| Watched::new(Stamp::of(&model.path)));
    let mut watched: Vec<Watched> = stamps.collect();
    let mut ticks = interval(every.max(Duration::from_millis(10)));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let at_once = tokio::select! {
            _ = ticks.tick() => false,
            () = now.notified() => true,
        };
        for (model, watched) in models.iter().zip(&mut watched) {
            let model = model.clone();
            let stamp = spawn_blocking({
                let path = model.path.clone();
                move || Stamp::of(&path)
            });
            let load = stamp.await.is_ok_and(|stamp| watched.look(stamp, at_once));
            if load {
                model.reload().await;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stamp(bytes: u64) -> Option<Stamp> {
        Some(Stamp {
            modified: None,
            bytes,
            inode: 1,
        })
    }

    #[test]
    fn a_file_is_loaded_when_it_no_longer_changes() {
        let mut watched = Watched::new(stamp(10));
        assert!(!watched.look(stamp(10), false));
        assert!(!watched.look(stamp(4), false), "it is being written");
        assert!(!watched.look(stamp(8), false));
        assert!(watched.look(stamp(8), false));
        assert!(
            !watched.look(stamp(8), false),
            "a file is loaded or refused once"
        );
        assert!(!watched.look(None, false), "it is being replaced");
        assert!(!watched.look(None, false));
        assert!(!watched.look(stamp(9), false));
        assert!(watched.look(stamp(9), false));
        assert!(watched.look(stamp(9), true), "by request");
    }

    #[test]
    fn the_stamp_is_that_of_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        assert_eq!(Stamp::of(&path), None);
        fs::write(&path, "abc").unwrap();
        assert_eq!(Stamp::of(&path).unwrap().bytes, 3);
    }
}
