//! One interface to parameters of all kinds, for the widgets.

use nice_plug::context::gui::ParamSetter;
use nice_plug::params::Param;

/// A parameter that can be displayed, moved and typed into. Its positions are 0 to 1, from the lowest to
/// the highest value.
///
/// A host records changes as gestures: [`Self::begin`], any number of [`Self::move_to`], [`Self::end`].
pub trait Control {
    /// The name of the parameter in the host.
    fn full_name(&self) -> &str;
    /// The position that was set, without the host's modulation.
    fn position(&self) -> f32;
    /// The position that is heard, with the host's modulation.
    fn modulated_position(&self) -> f32;
    /// The position in a new instance of the plugin.
    fn default_position(&self) -> f32;
    /// The position one step of the mouse wheel away from `from`.
    fn stepped(&self, from: f32, up: bool, fine: bool) -> f32;
    /// The number of steps from one end to the other; `None` if the parameter is continuous.
    fn steps(&self) -> Option<usize>;
    /// The value at a position as text, with its unit.
    fn text_at(&self, position: f32) -> String;
    /// The position of a value that was typed in; `None` if the text cannot be read.
    fn read(&self, text: &str) -> Option<f32>;
    /// Begins a gesture.
    fn begin(&self, setter: &ParamSetter);
    /// Moves to a position, within a gesture.
    fn move_to(&self, setter: &ParamSetter, position: f32);
    /// Ends a gesture.
    fn end(&self, setter: &ParamSetter);
}

impl<P: Param> Control for P {
    fn full_name(&self) -> &str {
        self.name()
    }

    fn position(&self) -> f32 {
        self.unmodulated_normalized_value()
    }

    fn modulated_position(&self) -> f32 {
        self.modulated_normalized_value()
    }

    fn default_position(&self) -> f32 {
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

    fn text_at(&self, position: f32) -> String {
        self.normalized_value_to_string(position, true)
    }

    fn read(&self, text: &str) -> Option<f32> {
        self.string_to_normalized_value(text).filter(|position| position.is_finite())
    }

    fn begin(&self, setter: &ParamSetter) {
        setter.begin_set_parameter(self);
    }

    fn move_to(&self, setter: &ParamSetter, position: f32) {
        let value = self.preview_plain(position);
        if value != self.unmodulated_plain_value() {
            setter.set_parameter(self, value);
        }
    }

    fn end(&self, setter: &ParamSetter) {
        setter.end_set_parameter(self);
    }
}

/// The present value as text, with its unit.
pub fn text(control: &dyn Control) -> String {
    control.text_at(control.position())
}

/// Moves a control to a position in one gesture.
pub fn set(control: &dyn Control, setter: &ParamSetter, position: f32) {
    control.begin(setter);
    control.move_to(setter, position.clamp(0.0, 1.0));
    control.end(setter);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::params::WmsParams;

    #[test]
    fn parameters_of_all_kinds_are_read_and_stepped() {
        let params = WmsParams::default();
        let axis: &dyn Control = &params.timbre.axes.0[0];
        assert_eq!(axis.read("-4"), Some(0.0));
        assert_eq!(axis.read("2 σ"), Some(0.75));
        assert_eq!(axis.read("bright"), None);
        let mode: &dyn Control = &params.keys.mode;
        assert_eq!(mode.steps(), Some(2));
        assert_eq!(mode.text_at(mode.stepped(0.0, true, false)), "Mono");
        let voices: &dyn Control = &params.voices.voices;
        let more = voices.stepped(voices.position(), true, false);
        assert_eq!(voices.text_at(more), "17");
    }
}
