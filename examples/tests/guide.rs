//! The guide shows the example as it is: `docs/write-your-own-backend.md` has all of its code, in order, and no other.

const GUIDE: &str = include_str!("../../docs/write-your-own-backend.md");
const BACKEND: &str = include_str!("../src/third_party_backend.rs");
const CONFORMANCE: &str = include_str!("third_party_conformance.rs");
const REPORT: &str = include_str!("../third_party_report.rs");

/// The Rust blocks of a Markdown text.
fn blocks(markdown: &str) -> Vec<String> {
    let mut blocks = Vec::new();
    let mut lines = markdown.lines();
    while lines.by_ref().any(|line| line == "```rust") {
        let block: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
        blocks.push(block.join("\n"));
    }
    blocks
}

fn without_blank_lines(text: &str) -> Vec<&str> {
    text.lines().filter(|line| !line.trim().is_empty()).collect()
}

#[test]
fn its_blocks_are_the_example_from_the_first_line_to_the_last() {
    let blocks = blocks(GUIDE);
    let (conformance, report) = (CONFORMANCE.trim(), REPORT.trim());
    let of_the_backend: Vec<_> =
        blocks.iter().filter(|block| *block != conformance && *block != report).cloned().collect();
    assert_eq!(without_blank_lines(&of_the_backend.join("\n")), without_blank_lines(BACKEND));
}

#[test]
fn it_shows_the_conformance_file_and_the_report_program() {
    let blocks = blocks(GUIDE);
    for whole in [CONFORMANCE.trim(), REPORT.trim()] {
        assert!(blocks.iter().any(|block| block == whole), "the guide lacks, or changes:\n{whole}");
    }
}
