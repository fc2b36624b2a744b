//! A picture of the ratios: `--plot FILE`.

mod bar;
mod draw;
mod theme;

use std::fs;
use std::path::{Path, PathBuf};

use crate::Result;
use theme::Theme;

/// Draws the rates that a report's JSON compares, for a light page and for a dark one: `FILE-light.svg` and `FILE-dark.svg`.
///
/// # Errors
///
/// If the text is no report, compares no rates, or a picture cannot be written.
pub(crate) fn write(report: &str, place: &Path) -> Result<()> {
    let bars = bar::of(report)?;
    for theme in [Theme::LIGHT, Theme::DARK] {
        let path = beside(place, theme.name);
        fs::write(&path, draw::svg(&bars, &theme)?)
            .map_err(|cause| format!("cannot write {}: {cause}", path.display()))?;
    }
    Ok(())
}

fn beside(place: &Path, theme: &str) -> PathBuf {
    let mut name = place.file_stem().unwrap_or_default().to_os_string();
    name.push(format!("-{theme}.svg"));
    place.with_file_name(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_pictures_are_named_after_the_place() {
        assert_eq!(beside(Path::new("docs/rows.svg"), "dark"), Path::new("docs/rows-dark.svg"));
        assert_eq!(beside(Path::new("rows"), "light"), Path::new("rows-light.svg"));
    }
}
