//! Bars on a page: [`svg`].

use plotters::coord::Shift;
use plotters::prelude::{
    Circle, Color as _, DrawingArea, IntoDrawingArea as _, IntoFont as _, PathElement, Rectangle, SVGBackend,
    Text,
};
use plotters::style::{RGBColor, ShapeStyle, TextStyle};

use super::bar::Bar;
use super::theme::Theme;
use crate::Result;

const WIDTH: u32 = 960;
const TOP: i32 = 40;
const ROW: i32 = 44;
const BOTTOM: i32 = 56;
const LEFT: i32 = 16;
/// Where bars begin, and how long the longest is; what is right of it is for the numbers.
const BARS: i32 = 16;
const LONGEST: f64 = 820.0;
const FONT: &str = "sans-serif";

type Page<'a> = DrawingArea<SVGBackend<'a>, Shift>;

/// A bar for each comparison: its length is the median, the thin line goes from the smallest to the largest ratio, and two
/// marks are the gate and the goal.
pub(super) fn svg(bars: &[Bar], theme: &Theme) -> Result<String> {
    let rows = i32::try_from(bars.len())?;
    let height = u32::try_from(TOP + rows * ROW + BOTTOM)?;
    let mut text = String::new();
    {
        let page = SVGBackend::with_string(&mut text, (WIDTH, height)).into_drawing_area();
        page.fill(&theme.page).map_err(cannot_draw)?;
        let furthest = bars.iter().flat_map(|bar| [bar.range.1, bar.goal]).fold(1.0, f64::max);
        let scale = Scale { unit: LONGEST / furthest };
        let bottom = TOP + rows * ROW;
        line(&page, (scale.x(1.0), TOP - 14), (scale.x(1.0), bottom), theme.quiet)?;
        label(&page, "as fast as what it is compared with", (scale.x(1.0) + 4, TOP - 28), 12, theme.quiet)?;
        let mut top = TOP;
        for bar in bars {
            one(&page, bar, top, &scale, theme)?;
            top += ROW;
        }
        legend(&page, bottom + 22, theme)?;
        page.present().map_err(cannot_draw)?;
    }
    Ok(text)
}

fn one(page: &Page<'_>, bar: &Bar, top: i32, scale: &Scale, theme: &Theme) -> Result<()> {
    label(page, &bar.label, (LEFT, top), 13, theme.text)?;
    let (upper, lower) = (top + 18, top + 32);
    let middle = i32::midpoint(upper, lower);
    let colour = if bar.reaches_its_gate() { theme.reached } else { theme.below };
    let bounds = [(BARS, upper), (scale.x(bar.ratio), lower)];
    page.draw(&Rectangle::new(bounds, colour.filled())).map_err(cannot_draw)?;
    line(page, (scale.x(bar.range.0), middle), (scale.x(bar.range.1), middle), theme.quiet)?;
    line(page, (scale.x(bar.gate), upper - 3), (scale.x(bar.gate), lower + 3), theme.text)?;
    page.draw(&Circle::new((scale.x(bar.goal), middle), 4, theme.text.stroke_width(2)))
        .map_err(cannot_draw)?;
    let below = if bar.reaches_its_gate() { "" } else { ", below the gate" };
    let furthest = scale.x(bar.ratio.max(bar.range.1).max(bar.goal));
    // What is below its gate is told by words too, not by colour alone; long words end at the page's edge.
    let value = format!("{:.2}x{below}", bar.ratio);
    let room = i32::try_from(WIDTH)? - if below.is_empty() { 52 } else { 146 };
    label(
        page,
        &value,
        ((furthest + 10).min(room), upper - if furthest + 10 > room { 18 } else { 0 }),
        13,
        theme.text,
    )
}

fn legend(page: &Page<'_>, y: i32, theme: &Theme) -> Result<()> {
    let said =
        "bar: median of the rounds; thin line: smallest to largest round; upright mark: gate; circle: goal";
    label(page, said, (LEFT, y), 12, theme.quiet)
}

struct Scale {
    /// Pixels for a ratio of one.
    unit: f64,
}

impl Scale {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a ratio times some pixels, at most the page's width"
    )]
    fn x(&self, ratio: f64) -> i32 {
        BARS + (ratio * self.unit).round() as i32
    }
}

fn line(page: &Page<'_>, from: (i32, i32), to: (i32, i32), colour: RGBColor) -> Result<()> {
    let style: ShapeStyle = colour.stroke_width(2);
    page.draw(&PathElement::new([from, to], style)).map_err(cannot_draw)
}

fn label(page: &Page<'_>, text: &str, at: (i32, i32), size: u32, colour: RGBColor) -> Result<()> {
    let style: TextStyle<'_> = (FONT, size).into_font().color(&colour);
    page.draw(&Text::new(text.to_owned(), at, style)).map_err(cannot_draw)
}

fn cannot_draw(cause: impl std::fmt::Display) -> Box<dyn std::error::Error + Send + Sync> {
    format!("cannot draw: {cause}").into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_has_a_bar_for_each_comparison_and_says_what_is_below() {
        let bar = |label: &str, ratio| Bar {
            label: label.to_owned(),
            ratio,
            range: (ratio, ratio),
            gate: 1.0,
            goal: 1.5,
        };
        let drawn = svg(&[bar("first", 1.2), bar("second", 0.5)], &Theme::LIGHT).unwrap();
        assert!(drawn.starts_with("<svg") && drawn.trim_end().ends_with("</svg>"));
        for word in ["first", "second", "1.20x", "0.50x, below the gate"] {
            assert!(drawn.contains(word), "{word}");
        }
    }
}
