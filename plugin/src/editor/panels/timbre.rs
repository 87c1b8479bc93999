//! The sliders of the timbre axes, the voicedness and the level.

use egui::{Rect, ScrollArea, Sense, Stroke, Ui, UiBuilder, pos2, vec2};
use nice_plug::context::gui::ParamSetter;

use super::panel;
use crate::editor::control::Control;
use crate::editor::theme;
use crate::editor::widgets::slider::{self, Look};
use crate::model_info::ModelInfo;
use crate::params::{AXIS_REACH, WmsParams};

/// The smallest width of a slider, points. Below it the panel scrolls.
const NARROWEST: f32 = 42.0;
/// The largest width of a slider, points.
const WIDEST: f32 = 120.0;
/// The gap between the axes and the other two sliders, points.
const SECTION_GAP: f32 = 12.0;

const AXIS_HINT: &str = "Moves the timbre away from the model's resting timbre, in standard deviations \
                         (\u{3c3}) of the sounds that it was trained on. The pale bar shows their range.";
const VOICEDNESS_HINT: &str = "Makes the sound breathier (down) or clearer (up) than the model's \
                               resting timbre.";
const LEVEL_HINT: &str = "Sets the level of the output. At 0 dB there is headroom for chords.";

/// The position of an axis' value on its slider, 0 to 1.
pub fn axis_position(value: f32) -> f32 {
    (value + AXIS_REACH) / (2.0 * AXIS_REACH)
}

/// The name of a network input as the editor displays it: "MFCC 3" for `mfcc_3`.
pub fn title(name: &str) -> String {
    match name.strip_prefix("mfcc_") {
        Some(number) => format!("MFCC {number}"),
        None => name.replace('_', " "),
    }
}

/// The words that all names begin with; empty if there are none, or if a name has no word after them.
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

/// The width of each of `count` sliders that share `width`, points.
fn column_width(width: f32, count: usize) -> f32 {
    (width / count.max(1) as f32).clamp(NARROWEST, WIDEST)
}

/// Draws the panel.
pub fn show(ui: &mut Ui, rect: Rect, model: &ModelInfo, params: &WmsParams, setter: &ParamSetter) {
    let names: Vec<String> = model.axes.iter().map(|axis| title(&axis.name)).collect();
    let axes = model.axes.len().min(params.timbre.axes.0.len());
    let count = axes + 1 + usize::from(model.voicedness.is_some());
    let gap = if axes > 0 { SECTION_GAP } else { 0.0 };
    let width = column_width(rect.width() - 2.0 * theme::INSET - gap, count);
    // In narrow columns the words that all names share move to the title of the panel.
    let stem = if width < slider::CROWDED { shared_words(&names) } else { "" };
    let heading = if stem.is_empty() { "Timbre" } else { &format!("Timbre \u{b7} {stem}") };
    let inner = panel(ui, rect, heading);
    let mut sliders: Vec<(Look, &dyn Control)> = Vec::new();
    for ((axis, name), control) in model.axes.iter().zip(&names).zip(&params.timbre.axes.0) {
        let trained = Some([axis_position(axis.low), axis_position(axis.high)]);
        let label = name[stem.len()..].trim_start();
        let look = Look { name, label, hint: AXIS_HINT, trained, rest: true };
        sliders.push((look, control));
    }
    if let Some(range) = model.voicedness {
        let trained = Some(range.map(|value| 0.5 * (value + 1.0)));
        let (name, hint) = ("Voicedness", VOICEDNESS_HINT);
        sliders.push((
            Look { name, label: name, hint, trained, rest: true },
            &params.timbre.voicedness,
        ));
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
    fn the_resting_timbre_is_in_the_middle_of_an_axis() {
        assert_eq!(axis_position(0.0), 0.5);
        assert_eq!(axis_position(AXIS_REACH), 1.0);
        assert_eq!(axis_position(-AXIS_REACH), 0.0);
    }

    #[test]
    fn inputs_have_display_names() {
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
