//! What the example programs share: a `println!` that ends the program where that of the standard library panics.
//!
//! To copy an example into a package of your own, leave the line `use backburn_examples::println;` out.

use std::fmt::Arguments;
use std::io::{self, ErrorKind, Write};
use std::process;

/// Prints a line to standard output. If nobody reads it any more, as in `xor | head -1`, the program ends.
#[macro_export]
macro_rules! println {
    ($($words:tt)*) => {
        $crate::print_line(format_args!($($words)*))
    };
}

/// Prints a line, or ends the program: without a word if the reader has stopped reading, and with the error otherwise.
pub fn print_line(line: Arguments) {
    if let Err(error) = writeln!(io::stdout(), "{line}") {
        if error.kind() == ErrorKind::BrokenPipe {
            process::exit(0);
        }
        let _ = writeln!(io::stderr(), "error: {error}");
        process::exit(1);
    }
}
