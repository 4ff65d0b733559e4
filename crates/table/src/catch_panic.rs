//! Calls that may panic on damaged input.

use std::cell::Cell;

thread_local! {
    static CAUGHT: Cell<bool> = const { Cell::new(false) };
}

/// Whether a panic on this thread is about to be caught by this crate and returned as an error.
///
/// The Parquet decoder panics on some damaged files. A library must not replace the process's panic
/// hook, so by default such a panic prints a message before it is caught. An application that does
/// not want the message checks this function in its own hook:
///
/// ```
/// let default = std::panic::take_hook();
/// std::panic::set_hook(Box::new(move |info| {
///     if !backburn_table::panic_is_caught() {
///         default(info);
///     }
/// }));
/// # let _ = std::panic::take_hook();
/// ```
pub fn panic_is_caught() -> bool {
    CAUGHT.get()
}

/// Prints no message for panics that this library catches, such as those of the Parquet decoder on damaged files: they
/// become errors. For the whole program, in which the hook for panics is set.
pub fn hide_caught_panics() {
    let default = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        if !panic_is_caught() {
            default(info);
        }
    }));
}

/// The result of a function, or `None` if it panics. The panic is marked for [`panic_is_caught`].
pub fn catch_panic<T>(function: impl FnOnce() -> T) -> Option<T> {
    use std::panic::{AssertUnwindSafe, catch_unwind};

    let before = CAUGHT.replace(true);
    let result = catch_unwind(AssertUnwindSafe(function));
    CAUGHT.set(before);
    result.ok()
}

#[cfg(test)]
mod tests {
    use super::{catch_panic, panic_is_caught};

    #[test]
    fn a_panic_becomes_none() {
        assert_eq!(catch_panic(|| 3), Some(3));
        assert_eq!(catch_panic(|| -> i32 { panic!("expected") }), None);
        assert_eq!(catch_panic(|| catch_panic(|| 4)), Some(Some(4)));
    }

    #[test]
    fn only_calls_in_progress_are_marked() {
        assert!(!panic_is_caught());
        let inside = catch_panic(|| {
            let nested = catch_panic(panic_is_caught);
            (nested, panic_is_caught())
        });
        assert_eq!(inside, Some((Some(true), true)));
        assert!(!panic_is_caught());
    }
}
