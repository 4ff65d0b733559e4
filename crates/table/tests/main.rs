//! Files read and written.

mod encodings;
mod files;
mod formats;
mod layouts;
mod reading;
mod reports;
mod selection;
mod writings;
