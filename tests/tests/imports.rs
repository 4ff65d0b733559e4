//! No two files of a crate import each other, neither directly nor through other files.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// A path of names from the root of a crate. That of a module is its place: `["selection", "trials"]`.
type Names = Vec<String>;

/// The modules of a crate, which are its files.
struct Sources {
    /// The code of each module, without tests and comments.
    code: BTreeMap<Names, String>,
    /// The names that a module exports from another one, each with the path that it stands for.
    exports: BTreeMap<(Names, String), Names>,
}

impl Sources {
    fn read(folder: &Path) -> Self {
        let mut sources = Self {
            code: BTreeMap::new(),
            exports: BTreeMap::new(),
        };
        for file in rust_files(folder) {
            let path = file.strip_prefix(folder).unwrap().with_extension("");
            let names = path.iter().map(|name| name.to_str().unwrap().to_string());
            let mut module: Names = names.collect();
            module.pop_if(|name| ["lib", "main", "mod"].contains(&name.as_str()));
            let code = without_tests(&std::fs::read_to_string(file).unwrap());
            sources.code.insert(module, code);
        }
        sources.exports = sources.find_exports();
        sources
    }

    fn find_exports(&self) -> BTreeMap<(Names, String), Names> {
        let mut exports = BTreeMap::new();
        for (module, code) in &self.code {
            let uses = ["pub use ", "pub(crate) use ", "pub(super) use "];
            let uses = uses.iter().flat_map(|start| code.split(start).skip(1));
            for path in uses.flat_map(|code| path_tree(code).0) {
                let name = path.last().unwrap().clone();
                if let Some(target) = self.absolute(module, &path) {
                    exports.insert((module.clone(), name), target);
                }
            }
        }
        exports
    }

    /// What a path in a module means; `None` for a path that leads out of the crate.
    fn absolute(&self, module: &[String], path: &[String]) -> Option<Names> {
        let is_child = || self.code.contains_key(&[module, &path[..1]].concat());
        match path[0].as_str() {
            "crate" => Some(path[1..].to_vec()),
            "self" => Some([module, &path[1..]].concat()),
            "super" => {
                let up = path.iter().take_while(|name| *name == "super").count();
                let from = &module[..module.len().saturating_sub(up)];
                Some([from, &path[up..]].concat())
            }
            _ => is_child().then(|| [module, path].concat()),
        }
    }

    /// The module that defines what an absolute path names.
    fn module_of(&self, path: &[String]) -> Names {
        let is_module = |end: &usize| self.code.contains_key(&path[..*end]);
        let end = (0..=path.len()).rev().find(is_module).unwrap_or_default();
        let module = path[..end].to_vec();
        let export = path.get(end).map(|name| (module.clone(), name.clone()));
        match export.and_then(|export| self.exports.get(&export)) {
            Some(target) if target != path => self.module_of(target),
            _ => module,
        }
    }

    /// The other modules that a module uses.
    fn used_by(&self, module: &Names) -> BTreeSet<Names> {
        let mut used = BTreeSet::new();
        let code = without_inner_modules(&self.code[module]);
        let mut code = code.as_str();
        while let Some(colons) = code.find("::") {
            let start = code[..colons].trim_end_matches(is_of_name).len();
            let (paths, rest) = path_tree(&code[start..]);
            let paths = paths.iter().filter_map(|path| self.absolute(module, path));
            used.extend(paths.map(|path| self.module_of(&path)));
            code = rest;
        }
        used.remove(module);
        used
    }

    /// The ways from a module through other modules back to itself.
    fn circles(&self) -> Vec<Vec<Names>> {
        let modules = self.code.keys();
        let uses = modules.map(|module| (module.clone(), self.used_by(module)));
        let uses: BTreeMap<Names, BTreeSet<Names>> = uses.collect();
        uses.keys()
            .filter_map(|start| circle(&uses, start))
            .collect()
    }
}

fn circle(uses: &BTreeMap<Names, BTreeSet<Names>>, start: &Names) -> Option<Vec<Names>> {
    let mut ways = vec![vec![start.clone()]];
    let mut seen = BTreeSet::new();
    while let Some(way) = ways.pop() {
        for next in &uses[way.last().unwrap()] {
            if next == start {
                return Some(way);
            }
            if seen.insert(next) {
                ways.push([way.clone(), vec![next.clone()]].concat());
            }
        }
    }
    None
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap();
    let paths = entries.map(|entry| entry.unwrap().path());
    let files = paths.flat_map(|path| match path.is_dir() {
        true => rust_files(&path),
        false => vec![path],
    });
    let is_rust = |path: &PathBuf| path.extension().is_some_and(|suffix| suffix == "rs");
    files.filter(is_rust).collect()
}

fn without_tests(text: &str) -> String {
    let lines = text.lines().take_while(|line| *line != "mod tests {");
    let code = lines.map(|line| line.split("//").next().unwrap_or_default());
    code.collect::<Vec<_>>().join("\n")
}

/// Code without the modules that are written out in it. Theirs is another `super`.
fn without_inner_modules(code: &str) -> String {
    let mut kept = String::new();
    let mut end_of_module = None;
    for line in code.lines() {
        let indent = &line[..line.len() - line.trim_start().len()];
        let start = line.trim_start().trim_start_matches("pub ");
        if end_of_module.is_none() && start.starts_with("mod ") && line.ends_with('{') {
            end_of_module = Some(format!("{indent}}}"));
        }
        match &end_of_module {
            None => kept += line,
            Some(end) if end == line => end_of_module = None,
            Some(_) => {}
        }
        kept.push('\n');
    }
    kept
}

fn is_of_name(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// The paths of a tree such as `a::{b, c::D}` at the start of a text, and the text after it.
fn path_tree(text: &str) -> (Vec<Names>, &str) {
    let rest = text.trim_start_matches(is_of_name);
    let name = &text[..text.len() - rest.len()];
    let (mut paths, rest) = if let Some(list) = rest.strip_prefix("::{") {
        path_list(list)
    } else if let Some(rest) = rest.strip_prefix("::") {
        path_tree(rest)
    } else {
        (vec![Vec::new()], rest)
    };
    for path in &mut paths {
        path.insert(0, name.to_string());
    }
    (paths, rest)
}

/// The paths of a list such as `b, c::D}`, and the text after it.
fn path_list(mut text: &str) -> (Vec<Names>, &str) {
    let mut paths = Vec::new();
    loop {
        text = text.trim_start();
        if text.is_empty() || text.starts_with('}') {
            return (paths, text.strip_prefix('}').unwrap_or_default());
        }
        let (found, rest) = path_tree(text);
        paths.extend(found);
        // A path may be followed by `as NAME`.
        let end = rest.find([',', '}']).unwrap_or(rest.len());
        text = rest[end..].strip_prefix(',').unwrap_or(&rest[end..]);
    }
}

#[test]
fn no_two_files_of_a_crate_import_each_other() {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates");
    let mut files = 0;
    for entry in std::fs::read_dir(crates).unwrap() {
        let sources = Sources::read(&entry.unwrap().path().join("src"));
        files += sources.code.len();
        let circles = sources.circles();
        assert!(circles.is_empty(), "{circles:?}");
    }
    assert!(files > 100, "only {files} files were read");
}

#[test]
fn a_circle_through_an_exported_name_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    write(
        "lib.rs",
        "mod a;\nmod b;\nmod c;\npub use a::A;\npub use b::{B, D};\n",
    );
    write(
        "a.rs",
        "use std::fmt;\nuse crate::{B as Other, c::C};\npub struct A;\n",
    );
    write("b.rs", "pub struct D;\npub struct B(crate::c::C);\n");
    write(
        "c.rs",
        "use super::D;\npub struct C(D);\nmod inner {\n    use super::A;\n}\nmod tests {\nuse crate::A;\n",
    );
    let circles = Sources::read(folder.path()).circles();
    assert_eq!(circles, [[["b"], ["c"]], [["c"], ["b"]]]);
}
