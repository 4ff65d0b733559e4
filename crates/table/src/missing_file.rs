//! Paths where there is no file.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::Path;

use crate::nearest_name::nearest_name;

/// The error of a path that cannot be opened, with what may have been meant.
pub(crate) fn with_advice(path: &Path, error: io::Error) -> io::Error {
    let advice = match error.kind() {
        ErrorKind::NotFound => advice(path),
        _ => None,
    };
    match advice {
        Some(advice) => io::Error::new(error.kind(), format!("No such file; {advice}")),
        None => error,
    }
}

fn advice(path: &Path) -> Option<String> {
    let text = path.to_str()?;
    let is_url = |scheme: &str| text.starts_with(scheme);
    if let Some(local) = text.strip_prefix("file://") {
        return Some(format!("pass the path without file://, as {local}"));
    }
    if [
        "http://", "https://", "ftp://", "s3://", "gs://", "az://", "abfs://", "hdfs://",
    ]
    .into_iter()
    .any(is_url)
    {
        return Some("download the file, and pass its path".to_string());
    }
    if text.starts_with("~/") {
        return Some("~ stands for the home folder only outside quotes".to_string());
    }
    let exist = |separator: char| {
        let mut parts = text.split(separator).map(str::trim);
        text.contains(separator) && parts.all(|part| Path::new(part).exists())
    };
    if exist(',') || exist(' ') || exist(';') {
        return Some(
            "several files are read as one table by a pattern such as 'sales/*.csv', or by their folder"
                .to_string(),
        );
    }
    let (name, folder) = (path.file_name()?.to_str()?, path.parent()?);
    let folder = match folder.as_os_str().is_empty() {
        true => Path::new("."),
        false => folder,
    };
    if !folder.exists() {
        return Some(format!("there is no folder {}", folder.display()));
    }
    let names = fs::read_dir(folder).ok()?;
    let names = names.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let names: Vec<String> = names.collect();
    let nearest = nearest_name(name, names.iter().map(String::as_str))?;
    let nearest = match folder == Path::new(".") {
        true => nearest,
        false => folder.join(nearest).display().to_string(),
    };
    Some(format!("did you mean {nearest}?"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(path: &Path) -> String {
        with_advice(path, ErrorKind::NotFound.into()).to_string()
    }

    #[test]
    fn what_may_have_been_meant_is_said() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str| folder.path().join(name);
        for name in ["houses.csv", "sales.csv"] {
            fs::write(file(name), "a\n1\n").unwrap();
        }
        let text = message(&file("hosues.csv"));
        assert!(text.ends_with("houses.csv?"), "{text}");
        let both = format!(
            "{},{}",
            file("houses.csv").display(),
            file("sales.csv").display()
        );
        assert!(message(Path::new(&both)).contains("by a pattern"));
        assert!(message(&file("none/x.csv")).contains("there is no folder"));
        assert!(message(Path::new("https://example.com/t.csv")).contains("download"));
        assert!(message(Path::new("file:///t.csv")).contains("without file://"));
        assert!(message(Path::new("~/t.csv")).contains("home"));
        let other = with_advice(&file("x"), ErrorKind::PermissionDenied.into());
        assert_eq!(other.kind(), ErrorKind::PermissionDenied);
    }
}
