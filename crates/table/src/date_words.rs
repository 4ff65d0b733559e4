//! The words of dates: months, weekdays and what stands between them.
//!
//! In English, German, French, Spanish, Italian, Portuguese and Dutch, and the months of Danish, Norwegian
//! and Swedish.

use std::collections::HashMap;
use std::sync::LazyLock;

/// The names of the months and their usual abbreviations, without accents.
const MONTHS: [&str; 12] = [
    "january jan januar janner janvier janv enero ene gennaio gen janeiro januari",
    "february feb februar feber fevrier fevr fev febrero febbraio fevereiro februari",
    "march mar marz maerz mrz mars marzo marco maart mrt marts",
    "april apr avril avr abril abr aprile",
    "may mai mayo maggio mag maio mei maj",
    "june jun juni juin junio giugno giu junho",
    "july jul juli juillet juil julio luglio lug julho",
    "august aug aout aou agosto ago augustus augusti",
    "september sep sept septembre septiembre setiembre set settembre sett setembro",
    "october oct oktober okt octobre octubre ottobre ott outubro out",
    "november nov novembre noviembre novembro",
    "december dec dezember dez decembre diciembre dic dicembre dezembro desember des",
];

/// The names of the weekdays and their usual abbreviations, without accents. `mar` is March.
const WEEKDAYS: &str = "monday tuesday wednesday thursday friday saturday sunday \
    mon tue tues wed weds thu thur thurs fri sat sun \
    montag dienstag mittwoch donnerstag freitag samstag sonnabend sonntag mo di mi do fr sa so \
    lundi mardi mercredi jeudi vendredi samedi dimanche lun mer jeu ven sam dim \
    lunes martes miercoles jueves viernes sabado domingo mie jue vie sab dom \
    lunedi martedi mercoledi giovedi venerdi domenica gio \
    segunda terca quarta quinta sexta feira seg ter qua qui sex \
    maandag dinsdag woensdag donderdag vrijdag zaterdag zondag ma wo vr za zo";

/// What a word in a date stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Meaning {
    /// A month, from 1.
    Month(u32),
    Weekday,
}

static WORDS: LazyLock<HashMap<&str, Meaning>> = LazyLock::new(|| {
    let weekdays = WEEKDAYS.split_whitespace();
    let weekdays = weekdays.map(|word| (word, Meaning::Weekday));
    let months = MONTHS.into_iter().zip(1..).flat_map(|(words, month)| {
        let words = words.split_whitespace();
        words.map(move |word| (word, Meaning::Month(month)))
    });
    weekdays.chain(months).collect()
});

/// The longest word has this many bytes, without accents.
const MAX_LENGTH: usize = 12;

fn meaning(word: &str) -> Option<Meaning> {
    // An accent takes a byte of its own.
    if word.len() > MAX_LENGTH + 2 {
        return None;
    }
    let plain: String = word.chars().map(without_accent).collect();
    WORDS.get(plain.as_str()).copied()
}

/// A letter in lower case, without its accent.
fn without_accent(c: char) -> char {
    match c {
        'é' | 'è' | 'ê' | 'É' | 'È' | 'Ê' => 'e',
        'û' | 'ü' | 'Û' | 'Ü' => 'u',
        'ä' | 'á' | 'à' | 'Ä' | 'Á' | 'À' => 'a',
        'ì' | 'í' | 'Ì' | 'Í' => 'i',
        'ç' | 'Ç' => 'c',
        c => c.to_ascii_lowercase(),
    }
}

/// The month that a word names, from 1.
pub(crate) fn month_of(word: &str) -> Option<u32> {
    match meaning(word)? {
        Meaning::Month(month) => Some(month),
        Meaning::Weekday => None,
    }
}

/// Whether a word names a weekday. Two capitals are a code: `MI` is Michigan.
pub(crate) fn is_weekday(word: &str) -> bool {
    let is_code = word.len() == 2 && word.bytes().all(|byte| byte.is_ascii_uppercase());
    !is_code && meaning(word) == Some(Meaning::Weekday)
}

/// Whether a word behind a number makes it an ordinal: `1st`, `1er`, `1º`.
pub(crate) fn is_ordinal(word: &str) -> bool {
    const ENDINGS: [&str; 7] = ["st", "nd", "rd", "th", "er", "º", "ª"];
    ENDINGS
        .iter()
        .any(|ending| word.eq_ignore_ascii_case(ending))
}

/// Whether a word only joins the parts of a date: `1 de enero de 2024`, `1st of January`.
pub(crate) fn is_joining(word: &str) -> bool {
    const WORDS: [&str; 4] = ["de", "del", "of", "d"];
    WORDS
        .iter()
        .any(|joining| word.eq_ignore_ascii_case(joining))
}

/// Whether a character behind a number is the sign of a year, month or day in Chinese, Japanese or
/// Korean: `2024年1月31日`.
pub(crate) fn is_sign_of_part(word: &str) -> bool {
    matches!(word, "年" | "月" | "日" | "号" | "년" | "월" | "일")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_are_known_in_seven_languages() {
        for (month, words) in [
            (1, "Jan JANUARY Jänner janv enero gennaio janeiro januari"),
            (2, "Feb février févr febrero febbraio fevereiro februari"),
            (3, "Mar März Mär mrz mars marzo março maart mrt"),
            (4, "avril abr APRILE abril"),
            (5, "Mai mayo maggio maio mei"),
            (6, "juin junio giugno junho juni"),
            (7, "juil julio luglio julho"),
            (8, "août agosto ago augustus"),
            (9, "Sept septiembre settembre setembro set"),
            (10, "Okt octubre ottobre outubro out"),
            (11, "noviembre novembro"),
            (12, "Dez déc DIC diciembre dezembro December"),
        ] {
            for word in words.split(' ') {
                assert_eq!(month_of(word), Some(month), "{word}");
            }
        }
        for word in [
            "",
            "ja",
            "jui",
            "Monday",
            "street",
            "x".repeat(100).as_str(),
        ] {
            assert_eq!(month_of(word), None, "{word}");
        }
    }

    #[test]
    fn no_word_has_two_meanings() {
        let words = MONTHS.join(" ") + " " + WEEKDAYS;
        let mut words: Vec<&str> = words.split_whitespace().collect();
        let all = words.len();
        words.sort_unstable();
        words.dedup();
        assert_eq!(words.len(), all);
        assert!(words.iter().all(|word| word.len() <= MAX_LENGTH));
    }

    #[test]
    fn weekdays_and_joining_words_are_known() {
        for word in [
            "Mon",
            "Thurs",
            "Dienstag",
            "mercredi",
            "Miércoles",
            "Lunedì",
            "zo",
        ] {
            assert!(is_weekday(word), "{word}");
        }
        for word in ["mar", "Mond", "MI", "MA"] {
            assert!(!is_weekday(word), "{word}");
        }
        assert!(is_ordinal("ST") && is_ordinal("º") && !is_ordinal("s"));
        assert!(is_joining("de") && is_joining("Of") && !is_joining("x"));
        assert!(is_sign_of_part("年") && !is_sign_of_part("y"));
    }
}
