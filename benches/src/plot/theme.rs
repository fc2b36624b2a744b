//! The colours of a picture: [`Theme`].

use plotters::style::RGBColor;

/// One set of colours.
pub(super) struct Theme {
    pub(super) name: &'static str,
    pub(super) page: RGBColor,
    pub(super) text: RGBColor,
    pub(super) quiet: RGBColor,
    pub(super) reached: RGBColor,
    pub(super) below: RGBColor,
}

impl Theme {
    pub(super) const LIGHT: Self = Self {
        name: "light",
        page: RGBColor(255, 255, 255),
        text: RGBColor(31, 35, 40),
        quiet: RGBColor(140, 149, 159),
        reached: RGBColor(9, 105, 218),
        below: RGBColor(188, 76, 0),
    };

    pub(super) const DARK: Self = Self {
        name: "dark",
        page: RGBColor(13, 17, 23),
        text: RGBColor(230, 237, 243),
        quiet: RGBColor(125, 133, 144),
        reached: RGBColor(56, 139, 253),
        below: RGBColor(219, 109, 40),
    };
}
