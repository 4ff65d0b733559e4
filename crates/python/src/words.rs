//! Messages of the library in the words of Python.

/// Options of the command line, and what Python has in their place.
const WORDS: [(&str, &str); 12] = [
    ("--group ", "groups="),
    ("--group", "groups"),
    ("--time ", "time="),
    ("--time", "time"),
    ("--gap ", "gap="),
    ("--gap", "gap"),
    ("--offset ", "offset="),
    ("--numeric ", "the kind numeric of "),
    ("--categorical ", "the kind categorical of "),
    ("--ignore ", "the kind ignored of "),
    ("--weight", "sample_weight"),
    ("--set ", ""),
];

/// A message with parameters of Python in place of options of the command line.
pub fn in_python(message: &str) -> String {
    let words = WORDS.iter();
    words.fold(message.to_string(), |message, (option, parameter)| {
        message.replace(option, parameter)
    })
}
