//! The settings of a run that the dashboard shows.

use crate::config::Config;
use crate::members::Members;

impl Config {
    /// The settings for the number of rows, as [`for_rows`](Self::for_rows). The dashboard shows one network: with it,
    /// one is trained where the number is `auto`. Returns the settings, and a note about it.
    pub fn for_dashboard(self, rows: usize, dashboard: bool) -> (Self, Option<&'static str>) {
        let asked = self.ensemble.members;
        let mut config = self.for_rows(rows);
        if !dashboard || config.ensemble.members.count() < 2 {
            return (config, None);
        }
        let note = match asked {
            Members::Auto => {
                config.ensemble.members = Members::Exactly(1);
                "one network, for the dashboard: without it, an ensemble is trained, which is more accurate"
            }
            Members::Exactly(_) => {
                "no dashboard: it can show only one network, and an ensemble is trained"
            }
        };
        (config, Some(note))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_network_is_shown_unless_more_were_asked_for() {
        let networks = |members: Members, rows: usize, dashboard: bool| {
            let mut config = Config::default();
            config.ensemble.members = members;
            let (config, note) = config.for_dashboard(rows, dashboard);
            (config.ensemble.members.count(), note.is_some())
        };
        assert_eq!(networks(Members::Auto, 500, false), (8, false));
        assert_eq!(networks(Members::Auto, 500, true), (1, true));
        assert_eq!(networks(Members::Auto, 50, true), (1, false));
        assert_eq!(networks(Members::Exactly(3), 500, true), (3, true));
    }
}
