//! Files read and written.

mod encodings;
mod files;
mod formats;
mod layouts;
mod reading;
mod selection;
mod writings;
