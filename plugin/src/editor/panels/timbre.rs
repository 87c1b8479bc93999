//! The model's timbre axes, voicedness and level.

use egui::{Rect, ScrollArea, Sense, Stroke, Ui, UiBuilder, pos2, vec2};
use nice_plug::context::gui::ParamSetter;

use super::panel;
use crate::editor::control::Control;
use crate::editor::theme;
use crate::editor::widgets::slider::{self, Look};
use crate::params::{AXIS_REACH, WmsParams};
use crate::shared::ModelInfo;

const NARROWEST: f32 = 42.0;
const WIDEST: f32 = 120.0;
/// Between the axes and the other two.
const APART: f32 = 12.0;

const AXIS_HINT: &str = "Distance from the model's rest, in spreads (\u{3c3}) of the training data; \
                         the pale bar is where that lies.";
const VOICEDNESS_HINT: &str = "From breath (down) to a clear tone (up), from the model's rest.";
const LEVEL_HINT: &str = "Output level; at 0 dB there is room for chords.";

/// The place of an axis' value on its control.
pub fn axis_place(value: f32) -> f32 {
    (value + AXIS_REACH) / (2.0 * AXIS_REACH)
}

/// An input's name as people write it.
pub fn title(name: &str) -> String {
    match name.strip_prefix("mfcc_") {
        Some(number) => format!("MFCC {number}"),
        None => name.replace('_', " "),
    }
}

/// The words that all names begin with, as long as they differ in something after them.
fn shared_words(names: &[String]) -> &str {
    let Some((first, others)) = names.split_first() else { return "" };
    let shared = |stem: &str| {
        others.iter().all(|name| name.strip_prefix(stem).is_some_and(|rest| rest.starts_with(' ')))
    };
    let mut stem = first.as_str();
    while let Some((before, _)) = stem.rsplit_once(' ') {
        stem = before;
        if shared(stem) {
            return stem;
        }
    }
    ""
}

/// Width of a slider where so many share `width`.
fn column_width(width: f32, count: usize) -> f32 {
    (width / count.max(1) as f32).clamp(NARROWEST, WIDEST)
}

/// Draws the panel.
pub fn show(ui: &mut Ui, rect: Rect, model: &ModelInfo, params: &WmsParams, setter: &ParamSetter) {
    let names: Vec<String> = model.axes.iter().map(|axis| title(&axis.name)).collect();
    let axes = model.axes.len().min(params.axes.0.len());
    let count = axes + 1 + usize::from(model.voicedness.is_some());
    let gap = if axes > 0 { APART } else { 0.0 };
    let width = column_width(rect.width() - 2.0 * theme::INSET - gap, count);
    // Where names have no room, what they share stands in the heading.
    let stem = if width < slider::CROWDED { shared_words(&names) } else { "" };
    let heading = if stem.is_empty() { "Timbre" } else { &format!("Timbre \u{b7} {stem}") };
    let inner = panel(ui, rect, heading);
    let mut sliders: Vec<(Look, &dyn Control)> = Vec::new();
    for ((axis, name), control) in model.axes.iter().zip(&names).zip(&params.axes.0) {
        let trained = Some([axis_place(axis.low), axis_place(axis.high)]);
        let label = name[stem.len()..].trim_start();
        let look = Look { name, label, hint: AXIS_HINT, trained, rest: true };
        sliders.push((look, control));
    }
    if let Some(range) = model.voicedness {
        let trained = Some(range.map(|value| 0.5 * (value + 1.0)));
        let (name, hint) = ("Voicedness", VOICEDNESS_HINT);
        sliders.push((Look { name, label: name, hint, trained, rest: true }, &params.voicedness));
    }
    let (name, hint) = ("Level", LEVEL_HINT);
    sliders.push((Look { name, label: name, hint, trained: None, rest: true }, &params.level));
    let whole = width * sliders.len() as f32 + gap;

    let mut area = ui.new_child(UiBuilder::new().max_rect(inner));
    area.set_clip_rect(inner.expand(4.0));
    ScrollArea::horizontal().id_salt("timbre").auto_shrink(false).show(&mut area, |ui| {
        let size = vec2(whole.max(inner.width()), inner.height());
        let (all, _) = ui.allocate_exact_size(size, Sense::hover());
        for (i, (look, control)) in sliders.iter().enumerate() {
            let after = if i < axes { 0.0 } else { gap };
            let left = all.left() + i as f32 * width + after;
            let column = Rect::from_min_size(pos2(left, all.top()), vec2(width, inner.height()));
            if i == axes && gap > 0.0 {
                let stroke = Stroke::new(1.0, theme::RAISED);
                ui.painter().vline(left - 0.5 * gap, column.shrink(8.0).y_range(), stroke);
            }
            slider::show(ui, column, look, *control, setter);
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axes_are_placed_about_their_middle() {
        assert_eq!(axis_place(0.0), 0.5);
        assert_eq!(axis_place(AXIS_REACH), 1.0);
        assert_eq!(axis_place(-AXIS_REACH), 0.0);
    }

    #[test]
    fn inputs_are_named_for_people() {
        assert_eq!(title("mfcc_3"), "MFCC 3");
        assert_eq!(title("air_flow"), "air flow");
    }

    #[test]
    fn shared_words_are_found() {
        let names = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>();
        assert_eq!(shared_words(&names(&["MFCC 0", "MFCC 12"])), "MFCC");
        assert_eq!(shared_words(&names(&["air flow in", "air flow out"])), "air flow");
        assert_eq!(shared_words(&names(&["MFCC 0", "MFCCs"])), "");
        assert_eq!(shared_words(&names(&["air", "water"])), "");
        assert_eq!(shared_words(&[]), "");
    }

    #[test]
    fn few_sliders_are_wide_and_many_are_scrolled() {
        assert_eq!(column_width(800.0, 2), WIDEST);
        assert_eq!(column_width(800.0, 16), 50.0);
        assert_eq!(column_width(500.0, 18), NARROWEST);
    }
}
