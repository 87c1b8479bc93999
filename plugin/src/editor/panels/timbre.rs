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

/// Width of a slider where so many share `width`.
fn column_width(width: f32, count: usize) -> f32 {
    (width / count.max(1) as f32).clamp(NARROWEST, WIDEST)
}

/// Draws the panel.
pub fn show(ui: &mut Ui, rect: Rect, model: &ModelInfo, params: &WmsParams, setter: &ParamSetter) {
    let inner = panel(ui, rect, "Timbre");
    let names: Vec<String> = model.axes.iter().map(|axis| title(&axis.name)).collect();
    let mut sliders: Vec<(Look, &dyn Control)> = Vec::new();
    for ((axis, name), control) in model.axes.iter().zip(&names).zip(&params.axes.0) {
        let trained = Some([axis_place(axis.low), axis_place(axis.high)]);
        let look = Look { name, hint: AXIS_HINT, trained, rest: true };
        sliders.push((look, control));
    }
    if let Some(range) = model.voicedness {
        let trained = Some(range.map(|value| 0.5 * (value + 1.0)));
        let look = Look { name: "Voicedness", hint: VOICEDNESS_HINT, trained, rest: true };
        sliders.push((look, &params.voicedness));
    }
    let level = Look { name: "Level", hint: LEVEL_HINT, trained: None, rest: true };
    sliders.push((level, &params.level));
    let axes = model.axes.len().min(params.axes.0.len());
    let gap = if axes > 0 { APART } else { 0.0 };
    let width = column_width(inner.width() - gap, sliders.len());
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
    fn few_sliders_are_wide_and_many_are_scrolled() {
        assert_eq!(column_width(800.0, 2), WIDEST);
        assert_eq!(column_width(800.0, 16), 50.0);
        assert_eq!(column_width(500.0, 18), NARROWEST);
    }
}
