//! Two timbre axes on a pad, where the map of the timbre space is to come.

use egui::{Pos2, Rect, Ui, pos2, vec2};
use nice_plug::context::gui::ParamSetter;

use super::panel;
use super::timbre::{axis_place, title};
use crate::editor::theme;
use crate::editor::widgets::button::{self, Sign};
use crate::editor::widgets::pad::{self, Direction};
use crate::editor::widgets::slider::fitted;
use crate::params::WmsParams;
use crate::shared::ModelInfo;

/// Which axes the pad moves, and where it was.
pub struct Pad {
    across: usize,
    up: usize,
    trail: Vec<Pos2>,
    /// The model that the trail belongs to.
    serial: u32,
}

impl Default for Pad {
    fn default() -> Self {
        Self { across: 0, up: 1, trail: Vec::new(), serial: 0 }
    }
}

/// Names and directions that a model offers; at least one, the voicedness.
fn directions<'a>(model: &'a ModelInfo, params: &'a WmsParams) -> Vec<(String, Direction<'a>)> {
    let axes = model.axes.iter().zip(&params.axes.0).map(|(axis, control)| {
        let trained = [axis_place(axis.low), axis_place(axis.high)];
        (title(&axis.name), Direction { control, trained })
    });
    let voicedness = model.voicedness.map(|range| {
        let trained = range.map(|value| 0.5 * (value + 1.0));
        ("Voicedness".to_owned(), Direction { control: &params.voicedness, trained })
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
    // One parameter in both directions would fight with itself.
    let up = if up == across { (across + 1) % all.len() } else { up };
    let area = Rect::from_min_max(inner.min + vec2(0.0, 4.0), inner.max);
    if up == across {
        return;
    }
    pad::show(ui, area, &all[across].1, &all[up].1, setter, &mut state.trail);
}

/// A button that opens a list of names; true if another was chosen.
fn choose(ui: &Ui, rect: Rect, label: &str, names: &[&str], chosen: usize, to: &mut usize) -> bool {
    let name = names.get(chosen).copied().unwrap_or_default();
    let name = fitted(ui, name, &theme::small(), rect.width() - 42.0);
    let word = format!("{label}  {name}");
    let response = button::show(ui, rect, label, Sign::Menu(&word), "What this direction moves");
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
    use crate::shared::Axis;

    #[test]
    fn every_model_has_directions() {
        let params = WmsParams::default();
        let names = |model: &ModelInfo| -> Vec<String> {
            directions(model, &params).into_iter().map(|(name, _)| name).collect()
        };
        assert_eq!(names(&ModelInfo::default()), ["Level"]);
        let axis = Axis { name: "a".to_owned(), input: 0, low: -2.0, high: 2.0 };
        let model = ModelInfo {
            axes: vec![axis; 2],
            voicedness: Some([-0.5, 0.1]),
            ..ModelInfo::default()
        };
        assert_eq!(names(&model), ["a", "a", "Voicedness", "Level"]);
        assert_eq!(directions(&model, &params)[0].1.trained, [0.25, 0.75]);
    }
}
