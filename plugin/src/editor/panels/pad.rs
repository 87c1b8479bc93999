//! A pad that moves two of the timbre parameters at once.

use egui::{Pos2, Rect, Ui, pos2, vec2};
use nice_plug::context::gui::ParamSetter;

use super::panel;
use super::timbre::{axis_position, title};
use crate::editor::theme;
use crate::editor::widgets::button::{self, Sign};
use crate::editor::widgets::pad::{self, Direction};
use crate::editor::widgets::slider::fitted;
use crate::model_info::ModelInfo;
use crate::params::WmsParams;

/// What the pad remembers from frame to frame.
pub struct Pad {
    /// The index of the direction that the pad moves across.
    across: usize,
    /// The index of the direction that it moves up.
    up: usize,
    /// The last positions, oldest first.
    trail: Vec<Pos2>,
    /// The serial number of the model that the trail belongs to.
    serial: u32,
}

impl Default for Pad {
    fn default() -> Self {
        Self { across: 0, up: 1, trail: Vec::new(), serial: 0 }
    }
}

/// The names and directions that the pad can move with a model. There is at least one, the level.
fn directions<'a>(model: &'a ModelInfo, params: &'a WmsParams) -> Vec<(String, Direction<'a>)> {
    let axes = model.axes.iter().zip(&params.timbre.axes.0).map(|(axis, control)| {
        let trained = [axis_position(axis.low), axis_position(axis.high)];
        (title(&axis.name), Direction { control, trained })
    });
    let voicedness = model.voicedness.map(|range| {
        let trained = range.map(|value| 0.5 * (value + 1.0));
        ("Voicedness".to_owned(), Direction { control: &params.timbre.voicedness, trained })
    });
    let level = Direction { control: &params.level, trained: [0.0, 1.0] };
    axes.chain(voicedness).chain([("Level".to_owned(), level)]).collect()
}

/// Draws the panel.
pub fn show(
    ui: &mut Ui,
    rect: Rect,
    state: &mut Pad,
    model: &ModelInfo,
    params: &WmsParams,
    setter: &ParamSetter,
) {
    let inner = panel(ui, rect, "Timbre pad");
    if state.serial != model.serial {
        (state.serial, state.trail) = (model.serial, Vec::new());
    }
    let all = directions(model, params);
    let last = all.len() - 1;
    let (across, up) = (state.across.min(last), state.up.min(last));
    let names: Vec<&str> = all.iter().map(|(name, _)| name.as_str()).collect();
    let width = 108.0;
    let row = Rect::from_min_size(
        pos2(inner.right() - 2.0 * width - 6.0, rect.top() + 7.0),
        vec2(width, 22.0),
    );
    let mut changed = choose(ui, row, "X", &names, across, &mut state.across);
    let row = row.translate(vec2(width + 6.0, 0.0));
    changed |= choose(ui, row, "Y", &names, up, &mut state.up);
    if changed {
        state.trail.clear();
    }
    // The same parameter in both directions could not follow the pointer.
    let up = if up == across { (across + 1) % all.len() } else { up };
    let area = Rect::from_min_max(inner.min + vec2(0.0, 4.0), inner.max);
    if up == across {
        return;
    }
    pad::show(ui, area, &all[across].1, &all[up].1, setter, &mut state.trail);
}

/// Draws a button that opens a list of names. Returns whether another name was chosen.
fn choose(ui: &Ui, rect: Rect, label: &str, names: &[&str], chosen: usize, to: &mut usize) -> bool {
    let name = names.get(chosen).copied().unwrap_or_default();
    let name = fitted(ui, name, &theme::small(), rect.width() - 42.0);
    let word = format!("{label}  {name}");
    let response = button::show(
        ui,
        rect,
        label,
        Sign::Menu(&word),
        "Choose what this direction of the pad moves.",
    );
    let mut changed = false;
    egui::Popup::menu(&response).show(|ui| {
        ui.set_min_width(theme::INSET + rect.width());
        for (i, name) in names.iter().enumerate() {
            if ui.selectable_label(i == chosen, *name).clicked() {
                (*to, changed) = (i, true);
            }
        }
    });
    changed
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model_info::TimbreAxis;

    #[test]
    fn every_model_has_directions() {
        let params = WmsParams::default();
        let names = |model: &ModelInfo| -> Vec<String> {
            directions(model, &params).into_iter().map(|(name, _)| name).collect()
        };
        assert_eq!(names(&ModelInfo::default()), ["Level"]);
        let axis = TimbreAxis { name: "a".to_owned(), input: 0, low: -2.0, high: 2.0 };
        let model = ModelInfo {
            axes: vec![axis; 2],
            voicedness: Some([-0.5, 0.1]),
            ..ModelInfo::default()
        };
        assert_eq!(names(&model), ["a", "a", "Voicedness", "Level"]);
        assert_eq!(directions(&model, &params)[0].1.trained, [0.25, 0.75]);
    }
}
