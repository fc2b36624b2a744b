//! What is no handler does not compile, and the compiler's words say what one is.
//!
//! The words are compared that are this library's own, since the rest changes with the compiler: each `//~` line of a program in
//! `wrong/` stands in what the compiler says of it, in this order.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The program that is right; it finds the library to compile against.
const RIGHT: &str = "right.rs";

#[test]
fn the_compiler_says_what_a_handler_is() {
    let programs = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/worker/wrong");
    let library = library(&programs);
    let mut compiled = 0;
    for entry in std::fs::read_dir(&programs).expect("programs") {
        let program = entry.expect("a program").path();
        if !program.ends_with(RIGHT) {
            judge(&program, &library);
            compiled += 1;
        }
    }
    assert!(compiled >= 6, "{compiled} programs");
}

fn judge(program: &Path, library: &Path) {
    let output = compile(program, library);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success(), "it compiles: {}", program.display());
    let text = std::fs::read_to_string(program).expect("it can be read");
    let mut rest = &*said;
    for wanted in text.lines().filter_map(|line| line.strip_prefix("//~ ")) {
        let Some(at) = rest.find(wanted) else {
            panic!("{}: the compiler does not say `{wanted}` (there), but\n{said}", program.display())
        };
        rest = rest.get(at + wanted.len()..).unwrap_or_default();
    }
    assert!(rest.len() < said.len(), "{} expects nothing", program.display());
}

/// The library that was built for this test: the newest against which the right program compiles.
fn library(programs: &Path) -> PathBuf {
    let mut built: Vec<_> = std::fs::read_dir(built_to())
        .expect("what was built")
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| {
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            name.starts_with("libpubsub-") && name.ends_with(".rlib")
        })
        .filter_map(|path| Some((path.metadata().ok()?.modified().ok()?, path)))
        .collect();
    built.sort();
    let mut said = String::new();
    for (_, library) in built.into_iter().rev() {
        let output = compile(&programs.join(RIGHT), &library);
        if output.status.success() {
            return library;
        }
        said.push_str(&String::from_utf8_lossy(&output.stderr));
    }
    panic!("no library that was built is one that the right program compiles against: {said}")
}

/// Where cargo puts libraries: where this test is.
fn built_to() -> PathBuf {
    let test = std::env::current_exe().expect("this test is a program");
    test.parent().expect("in a directory").to_owned()
}

fn compile(program: &Path, library: &Path) -> Output {
    let to = Path::new(env!("CARGO_TARGET_TMPDIR")).join("wrong");
    std::fs::create_dir_all(&to).expect("a directory");
    let compiler = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let mut command = Command::new(compiler);
    command.args([
        "--edition=2024",
        "--crate-type=bin",
        "--emit=metadata",
        "--color=never",
        "--cap-lints=allow",
    ]);
    let (mut dependencies, mut external) =
        (std::ffi::OsString::from("dependency="), std::ffi::OsString::from("pubsub="));
    dependencies.push(built_to());
    external.push(library);
    command.arg("-L").arg(dependencies).arg("--extern").arg(external).arg("--out-dir").arg(to).arg(program);
    command.output().expect("the compiler runs")
}
