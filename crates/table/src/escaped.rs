//! Text from files, safe to print.

use std::path::Path;

/// Text from a file, safe to print: control characters other than line ends are escaped, and so are
/// characters that change the direction of text, end a line, or have no width and are no part of words.
pub fn escaped(text: &str) -> String {
    text.chars()
        .flat_map(|c| match (c.is_control() && c != '\n') || is_hidden(c) {
            true => c.escape_default().collect::<Vec<_>>(),
            false => vec![c],
        })
        .collect()
}

fn is_hidden(c: char) -> bool {
    matches!(
        c,
        '\u{61c}'
            | '\u{180e}'
            | '\u{200b}'
            | '\u{200e}'
            | '\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'
            | '\u{2066}'..='\u{2069}'
            | '\u{feff}'
    )
}

/// A path, safe to print on one line: escaped, with line ends too.
pub fn path_name(path: &Path) -> String {
    escaped(&path.display().to_string()).replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_are_not_sent_to_the_terminal() {
        assert_eq!(escaped("a\rb\n"), "a\\rb\n");
        let path = Path::new("a\u{1b}[31m\n\u{202e}b.csv");
        assert_eq!(path_name(path), "a\\u{1b}[31m\\n\\u{202e}b.csv");
        assert_eq!(escaped("\u{61c}a\u{2028}"), "\\u{61c}a\\u{2028}");
        assert_eq!(escaped("y\u{feff}\u{200b}"), "y\\u{feff}\\u{200b}");
        // Joiners are part of words.
        assert_eq!(escaped("a\u{200d}b"), "a\u{200d}b");
    }
}
