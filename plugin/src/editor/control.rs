//! Parameters of all kinds as one thing that can be shown, turned, reset and typed into.

use egui::{Event, Id, MouseWheelUnit, PointerButton, Response, Ui};
use nice_plug::context::gui::ParamSetter;
use nice_plug::params::Param;

/// How much slower a control moves while shift is held.
const FINE: f32 = 0.1;
/// Points on a touchpad that are one step of a wheel.
const POINTS_PER_STEP: f32 = 20.0;

/// A parameter, its values in 0 .. 1.
pub trait Control {
    /// The parameter's name in the host.
    fn full_name(&self) -> &str;
    /// Where it stands, without the host's modulation.
    fn place(&self) -> f32;
    /// Where it stands with the host's modulation.
    fn sounding(&self) -> f32;
    /// Where it stands in a new instance.
    fn initial(&self) -> f32;
    /// The place that a wheel's step leads to.
    fn stepped(&self, from: f32, up: bool, fine: bool) -> f32;
    /// Number of steps, none if it moves freely.
    fn steps(&self) -> Option<usize>;
    /// The value at a place, with its unit.
    fn text_at(&self, place: f32) -> String;
    /// The place of a value that was typed in; none if it makes no sense.
    fn read(&self, text: &str) -> Option<f32>;
    /// Begins a gesture.
    fn begin(&self, setter: &ParamSetter);
    /// Moves to a place, within a gesture.
    fn go(&self, setter: &ParamSetter, place: f32);
    /// Ends a gesture.
    fn end(&self, setter: &ParamSetter);
}

impl<P: Param> Control for P {
    fn full_name(&self) -> &str {
        self.name()
    }

    fn place(&self) -> f32 {
        self.unmodulated_normalized_value()
    }

    fn sounding(&self) -> f32 {
        self.modulated_normalized_value()
    }

    fn initial(&self) -> f32 {
        self.default_normalized_value()
    }

    fn stepped(&self, from: f32, up: bool, fine: bool) -> f32 {
        if up {
            self.next_normalized_step(from, fine)
        } else {
            self.previous_normalized_step(from, fine)
        }
    }

    fn steps(&self) -> Option<usize> {
        self.step_count()
    }

    fn text_at(&self, place: f32) -> String {
        self.normalized_value_to_string(place, true)
    }

    fn read(&self, text: &str) -> Option<f32> {
        self.string_to_normalized_value(text).filter(|place| place.is_finite())
    }

    fn begin(&self, setter: &ParamSetter) {
        setter.begin_set_parameter(self);
    }

    fn go(&self, setter: &ParamSetter, place: f32) {
        let value = self.preview_plain(place);
        if value != self.unmodulated_plain_value() {
            setter.set_parameter(self, value);
        }
    }

    fn end(&self, setter: &ParamSetter) {
        setter.end_set_parameter(self);
    }
}

/// The value now, with its unit.
pub fn text(control: &dyn Control) -> String {
    control.text_at(control.place())
}

/// A whole gesture: to that place at once.
pub fn set(control: &dyn Control, setter: &ParamSetter, place: f32) {
    control.begin(setter);
    control.go(setter, place.clamp(0.0, 1.0));
    control.end(setter);
}

/// Where a drag is, apart from the value: a stepped control would otherwise never move, and the
/// host sets what it is told a little later.
pub fn dragged_place(place: f32, moved: f32, travel: f32, fine: bool) -> f32 {
    let share = moved / travel.max(1.0);
    (place + if fine { FINE * share } else { share }).clamp(0.0, 1.0)
}

/// Steps of the wheel in this frame, up from 0.
fn wheel_steps(ui: &Ui) -> f32 {
    ui.input(|input| {
        let steps = input.events.iter().map(|event| match event {
            Event::MouseWheel { unit: MouseWheelUnit::Point, delta, .. } => {
                delta.y / POINTS_PER_STEP
            }
            // Shift turns a wheel sideways on some systems.
            Event::MouseWheel { delta, .. } => delta.x + delta.y,
            _ => 0.0,
        });
        steps.sum()
    })
}

/// Turns a control: drag up and down over `travel` points for all of it, slowly with shift; double
/// click or control-click resets, the wheel steps.
pub fn turn(
    ui: &Ui,
    response: &Response,
    control: &dyn Control,
    setter: &ParamSetter,
    travel: f32,
) {
    let primary = PointerButton::Primary;
    let (fine, command) = ui.input(|input| (input.modifiers.shift, input.modifiers.command));
    if response.drag_started_by(primary) {
        control.begin(setter);
        ui.data_mut(|data| data.insert_temp(response.id, control.place()));
    }
    if response.dragged_by(primary) {
        let place = ui.data(|data| data.get_temp(response.id)).unwrap_or_else(|| control.place());
        let place = dragged_place(place, -response.drag_delta().y, travel, fine);
        ui.data_mut(|data| data.insert_temp(response.id, place));
        control.go(setter, place);
    }
    if response.drag_stopped_by(primary) {
        control.end(setter);
    }
    if response.double_clicked() || (command && response.clicked()) {
        set(control, setter, control.initial());
    } else if response.secondary_clicked() {
        super::widgets::value::open(ui, response.id, control);
    }
    wheel(ui, response, control, setter);
}

/// Steps a control with the wheel.
pub fn wheel(ui: &Ui, response: &Response, control: &dyn Control, setter: &ParamSetter) {
    if !response.hovered() || response.dragged() {
        return;
    }
    let rest_id: Id = response.id.with("wheel");
    let steps = ui.data(|data| data.get_temp(rest_id)).unwrap_or(0.0) + wheel_steps(ui);
    let fine = ui.input(|input| input.modifiers.shift);
    let whole = steps.trunc();
    ui.data_mut(|data| data.insert_temp(rest_id, steps - whole));
    if whole != 0.0 {
        let count = whole.abs().min(100.0) as usize;
        let place =
            (0..count).fold(control.place(), |at, _| control.stepped(at, whole > 0.0, fine));
        set(control, setter, place);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::params::WmsParams;

    #[test]
    fn a_drag_covers_the_range_and_shift_a_tenth() {
        assert_eq!(dragged_place(0.0, 50.0, 100.0, false), 0.5);
        assert!((dragged_place(0.5, -50.0, 100.0, true) - 0.45).abs() < 1e-6);
        assert_eq!(dragged_place(0.9, 50.0, 100.0, false), 1.0);
        assert_eq!(dragged_place(0.1, -50.0, 0.0, false), 0.0);
    }

    #[test]
    fn parameters_of_all_kinds_are_read_and_stepped() {
        let params = WmsParams::default();
        let axis: &dyn Control = &params.axes.0[0];
        assert_eq!(axis.read("-4"), Some(0.0));
        assert_eq!(axis.read("2 σ"), Some(0.75));
        assert_eq!(axis.read("bright"), None);
        let mode: &dyn Control = &params.mode;
        assert_eq!(mode.steps(), Some(2));
        assert_eq!(mode.text_at(mode.stepped(0.0, true, false)), "Mono");
        let voices: &dyn Control = &params.voices;
        let more = voices.stepped(voices.place(), true, false);
        assert_eq!(voices.text_at(more), "17");
    }
}
