//! Colours, fonts and spacing of the window, all in one place.

use std::sync::Arc;

use egui::style::WidgetVisuals;
use egui::{Color32, CornerRadius, FontData, FontDefinitions, FontFamily, FontId, Stroke};

/// The background of the window.
pub const GROUND: Color32 = Color32::from_rgb(0x14, 0x16, 0x1a);
/// The background of panels.
pub const PANEL: Color32 = Color32::from_rgb(0x1b, 0x1e, 0x24);
/// The background of what can be clicked, chosen or typed into.
pub const RAISED: Color32 = Color32::from_rgb(0x28, 0x2c, 0x34);
/// The background of the same while the pointer is over it.
pub const LIT: Color32 = Color32::from_rgb(0x32, 0x37, 0x41);
/// Rails, arcs and lines behind a value.
pub const RAIL: Color32 = Color32::from_rgb(0x25, 0x29, 0x31);
/// Bars that mark the range of the training data.
pub const TRAINED: Color32 = Color32::from_rgb(0x39, 0x42, 0x4e);
/// Text and handles.
pub const TEXT: Color32 = Color32::from_rgb(0xd9, 0xd6, 0xcf);
/// Text that matters less: names and units.
pub const SECONDARY: Color32 = Color32::from_rgb(0x95, 0x99, 0xa2);
/// What plays, is chosen or is held.
pub const ACCENT: Color32 = Color32::from_rgb(0xf2, 0xb2, 0x5c);
/// Amounts, and the older lines of the waveform.
pub const TEAL: Color32 = Color32::from_rgb(0x57, 0xb8, 0xa0);
/// Errors and overload.
pub const ERROR: Color32 = Color32::from_rgb(0xf0, 0x71, 0x62);

/// The gap between panels and around them, points.
pub const GAP: f32 = 10.0;
/// The distance from the edge of a panel to its contents, points.
pub const INSET: f32 = 12.0;
/// The height of a panel's title, points.
pub const TITLE: f32 = 26.0;
/// The radius of the corners of panels, points.
pub const PANEL_CORNER: u8 = 7;
/// The radius of the corners of what is in panels, points.
pub const CORNER: u8 = 4;

/// The font family of titles.
const MEDIUM: &str = "medium";

/// The font of lists and messages.
pub fn body() -> FontId {
    FontId::proportional(13.0)
}

/// The font of the names and values of controls.
pub fn small() -> FontId {
    FontId::proportional(11.5)
}

/// The font of the titles of panels.
pub fn title() -> FontId {
    FontId::new(12.0, FontFamily::Name(MEDIUM.into()))
}

/// The font of the instrument's name.
pub fn logo() -> FontId {
    FontId::new(18.0, FontFamily::Name(MEDIUM.into()))
}

/// The colour between `from` (at a `share` of 0) and `to` (at 1).
pub fn mix(from: Color32, to: Color32, share: f32) -> Color32 {
    let share = share.clamp(0.0, 1.0);
    let part = |a: u8, b: u8| (f32::from(a) + share * (f32::from(b) - f32::from(a))).round() as u8;
    Color32::from_rgb(part(from.r(), to.r()), part(from.g(), to.g()), part(from.b(), to.b()))
}

/// The Inter font alone: egui's own fonts would add a megabyte and look different.
fn fonts() -> FontDefinitions {
    let mut fonts = FontDefinitions::empty();
    let files: [(&str, &'static [u8], &[FontFamily]); 2] = [
        (
            "Inter",
            include_bytes!("../../assets/Inter-Regular.otf"),
            &[FontFamily::Proportional, FontFamily::Monospace],
        ),
        (
            "Inter Medium",
            include_bytes!("../../assets/Inter-Medium.otf"),
            &[FontFamily::Name(MEDIUM.into())],
        ),
    ];
    for (name, file, families) in files {
        fonts.font_data.insert(name.to_owned(), Arc::new(FontData::from_static(file)));
        for family in families {
            fonts.families.insert(family.clone(), vec![name.to_owned()]);
        }
    }
    fonts
}

/// How a widget looks in one of its states.
fn state(fill: Color32, text: Color32) -> WidgetVisuals {
    WidgetVisuals {
        bg_fill: fill,
        weak_bg_fill: fill,
        bg_stroke: Stroke::NONE,
        corner_radius: CornerRadius::same(CORNER),
        fg_stroke: Stroke::new(1.0, text),
        expansion: 0.0,
    }
}

/// Sets fonts, colours and spacing of a new window.
pub fn install(context: &egui::Context) {
    context.set_fonts(fonts());
    context.set_theme(egui::Theme::Dark);
    context.options_mut(|options| options.zoom_with_keyboard = false);
    context.all_styles_mut(|style| {
        style.interaction.selectable_labels = false;
        style.interaction.tooltip_delay = 0.6;
        style.spacing.button_padding = egui::vec2(8.0, 4.0);
        style.spacing.item_spacing = egui::vec2(6.0, 4.0);
        style.spacing.menu_margin = egui::Margin::same(6);
        style.spacing.scroll.bar_width = 6.0;
        for (text_style, font) in &mut style.text_styles {
            *font = match text_style {
                egui::TextStyle::Small => small(),
                egui::TextStyle::Heading => title(),
                _ => body(),
            };
        }
        let visuals = &mut style.visuals;
        visuals.panel_fill = GROUND;
        visuals.window_fill = Color32::from_rgb(0x21, 0x25, 0x2c);
        visuals.window_stroke = Stroke::new(1.0, LIT);
        visuals.extreme_bg_color = GROUND;
        visuals.text_edit_bg_color = Some(GROUND);
        visuals.override_text_color = None;
        visuals.selection.bg_fill = mix(PANEL, ACCENT, 0.35);
        visuals.selection.stroke = Stroke::new(1.0, ACCENT);
        visuals.error_fg_color = ERROR;
        visuals.widgets.noninteractive = state(PANEL, TEXT);
        visuals.widgets.noninteractive.bg_stroke = Stroke::new(1.0, RAISED);
        visuals.widgets.inactive = state(RAISED, TEXT);
        visuals.widgets.hovered = state(LIT, TEXT);
        visuals.widgets.active = state(LIT, ACCENT);
        visuals.widgets.open = state(LIT, TEXT);
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Relative luminance, as WCAG 2.1 defines it.
    fn luminance(color: Color32) -> f32 {
        let linear = |part: u8| {
            let part = f32::from(part) / 255.0;
            if part <= 0.039_28 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * linear(color.r()) + 0.7152 * linear(color.g()) + 0.0722 * linear(color.b())
    }

    #[test]
    fn text_has_contrast_on_every_ground() {
        for text in [TEXT, SECONDARY, ACCENT, TEAL, ERROR] {
            for ground in [GROUND, PANEL, RAISED] {
                let contrast = (luminance(text) + 0.05) / (luminance(ground) + 0.05);
                assert!(contrast >= 4.5, "{text:?} on {ground:?}: {contrast}");
            }
        }
    }
}
