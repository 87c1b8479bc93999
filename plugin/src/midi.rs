//! MIDI controllers as the instrument's events.

use wms::synth::{Event, Expression};

const CHANNELS: usize = 16;
/// Semitones that the pitch wheel of an MPE note goes until a controller says otherwise.
const MPE_BEND: f32 = 48.0;
/// Controller of the model's first input.
const FIRST_INPUT: u8 = 20;
/// The number of a registered parameter when none is chosen.
const NO_PARAMETER: [u8; 2] = [127, 127];

/// How far a wheel at `value`, 0 .. 1, is turned, -1 .. 1. Its 14 bits have no middle: 8192 is meant,
/// and so is 0.5, from hosts that know of no bits.
fn wheel(value: f32) -> f32 {
    let steps = value * 16_383.0 - 8192.0;
    if steps.abs() < 0.75 { 0.0 } else { (steps / 8192.0).clamp(-1.0, 1.0) }
}

/// What a controller means to the model that plays.
pub trait Inputs {
    /// The event for a network input at a share, 0 .. 1, of a controller's way; none if the model
    /// has no such input, or it is the pitch.
    fn controlled(&self, input: usize, share: f32) -> Option<Event>;
}

/// Where the controllers of one channel stand.
#[derive(Clone, Copy)]
struct Channel {
    /// -1 .. 1.
    bend: f32,
    /// Semitones, if a message has set it.
    bend_range: Option<f32>,
    volume: f32,
    expression: f32,
    wheel: f32,
    brightness: f32,
    /// Registered parameter, high and low byte.
    parameter: [u8; 2],
}

const AT_REST: Channel = Channel {
    bend: 0.0,
    bend_range: None,
    volume: 1.0,
    expression: 1.0,
    wheel: 0.0,
    brightness: 0.0,
    parameter: NO_PARAMETER,
};

/// Which channels are MPE's.
#[derive(Clone, Copy)]
enum Zone {
    None,
    /// All, the first is the master.
    Lower,
    /// All, the last is the master.
    Upper,
}

/// All channels, and whether they are MPE's: then the master's bend and controllers are for all,
/// each of the others has one note. There is one zone at a time, with all 15 members.
pub struct Controllers {
    channels: [Channel; CHANNELS],
    /// The parameter's word.
    mpe: bool,
    /// The last configuration message's word, until the parameter moves.
    configured: Option<Zone>,
    /// Semitones, where no message has set another range.
    bend_range: f32,
}

impl Controllers {
    /// All at rest.
    pub fn new() -> Self {
        Self { channels: [AT_REST; CHANNELS], mpe: false, configured: None, bend_range: 2.0 }
    }

    /// All at rest; what parameters say stays.
    pub fn reset(&mut self) {
        self.channels = [AT_REST; CHANNELS];
        self.configured = None;
    }

    /// What the parameters say.
    pub fn set(&mut self, mpe: bool, bend_range: f32, mut send: impl FnMut(Event)) {
        if (mpe, bend_range) == (self.mpe, self.bend_range) {
            return;
        }
        if mpe != self.mpe {
            self.configured = None;
        }
        (self.mpe, self.bend_range) = (mpe, bend_range);
        self.send_bends(&mut send);
    }

    /// The channel that speaks for all, if there is MPE.
    fn master(&self) -> Option<usize> {
        let by_parameter = if self.mpe { Zone::Lower } else { Zone::None };
        match self.configured.unwrap_or(by_parameter) {
            Zone::None => None,
            Zone::Lower => Some(0),
            Zone::Upper => Some(CHANNELS - 1),
        }
    }

    /// The pitch wheel, 0 .. 1.
    pub fn bend(&mut self, channel: u8, value: f32, mut send: impl FnMut(Event)) {
        let index = usize::from(channel) % CHANNELS;
        self.channels[index].bend = wheel(value);
        if self.master() == Some(index) {
            self.send_bends(&mut send);
        } else {
            self.send_bend(index, &mut send);
        }
    }

    fn send_bends(&self, send: &mut impl FnMut(Event)) {
        (0..CHANNELS).for_each(|index| self.send_bend(index, send));
    }

    fn send_bend(&self, index: usize, send: &mut impl FnMut(Event)) {
        let own = |index: usize, otherwise: f32| {
            let channel = &self.channels[index];
            channel.bend * channel.bend_range.unwrap_or(otherwise)
        };
        let semitones = match self.master() {
            Some(master) if index != master => own(master, self.bend_range) + own(index, MPE_BEND),
            _ => own(index, self.bend_range),
        };
        send(Event::bend(index as u8, semitones));
    }

    /// Channel pressure, 0 .. 1.
    pub fn pressure(&self, channel: u8, value: f32, mut send: impl FnMut(Event)) {
        for channel in self.reached(channel) {
            send(Event::Channel { channel, expression: Expression::Pressure(value) });
        }
    }

    /// The channels that a message on one is for.
    fn reached(&self, channel: u8) -> std::ops::Range<u8> {
        let channel = channel % CHANNELS as u8;
        if self.master() == Some(channel.into()) { 0..CHANNELS as u8 } else { channel..channel + 1 }
    }

    /// A controller moves to `value`, 0 .. 1.
    pub fn control(
        &mut self,
        channel: u8,
        controller: u8,
        value: f32,
        inputs: &impl Inputs,
        mut send: impl FnMut(Event),
    ) {
        let value = if value.is_finite() { value.clamp(0.0, 1.0) } else { return };
        let index = usize::from(channel) % CHANNELS;
        let byte = (value * 127.0).round() as u8;
        match controller {
            6 => self.registered(index, byte, &mut send),
            98 | 99 => self.channels[index].parameter = NO_PARAMETER,
            100 => self.channels[index].parameter[1] = byte,
            101 => self.channels[index].parameter[0] = byte,
            120 => send(Event::AllSoundOff),
            121 => self.relax(index, &mut send),
            1 | 7 | 10 | 11 | 64 | 74 | 123 => {
                for channel in self.reached(channel) {
                    send(self.channel_event(channel, controller, value));
                }
            }
            _ => {
                let input = controller.checked_sub(FIRST_INPUT).map(usize::from);
                if let Some(event) = input.and_then(|input| inputs.controlled(input, value)) {
                    send(event);
                }
            }
        }
    }

    fn channel_event(&mut self, channel: u8, controller: u8, value: f32) -> Event {
        let state = &mut self.channels[usize::from(channel) % CHANNELS];
        // 64 of 127 is the middle.
        let sided = ((value * 127.0 - 64.0) / 63.0).clamp(-1.0, 1.0);
        let expression = match controller {
            64 => return Event::Sustain { channel, down: value >= 64.0 / 127.0 },
            123 => return Event::AllNotesOff { channel },
            10 => Expression::Pan(sided),
            7 | 11 => {
                let slot = if controller == 7 { &mut state.volume } else { &mut state.expression };
                *slot = value * value;
                Expression::Volume(state.volume * state.expression)
            }
            _ => {
                if controller == 1 {
                    state.wheel = value;
                } else {
                    state.brightness = sided;
                }
                Expression::Brightness(state.wheel + state.brightness)
            }
        };
        Event::Channel { channel, expression }
    }

    /// All controllers of a channel to rest (controller 121).
    fn relax(&mut self, index: usize, send: &mut impl FnMut(Event)) {
        let Channel { bend_range, volume, .. } = self.channels[index];
        self.channels[index] = Channel { bend_range, volume, ..AT_REST };
        let channel = index as u8;
        self.send_bend(index, send);
        send(Event::Sustain { channel, down: false });
        for expression in
            [Expression::Volume(volume), Expression::Brightness(0.0), Expression::Pressure(0.0)]
        {
            send(Event::Channel { channel, expression });
        }
    }

    /// A registered parameter's value: bend range, or MPE's configuration.
    fn registered(&mut self, index: usize, byte: u8, send: &mut impl FnMut(Event)) {
        match self.channels[index].parameter {
            [0, 0] => {
                let range = Some(f32::from(byte.min(96)));
                match self.master() {
                    // One member speaks for all.
                    Some(master) if index != master => {
                        let members = self.channels.iter_mut().enumerate();
                        members.filter(|m| m.0 != master).for_each(|m| m.1.bend_range = range);
                    }
                    _ => self.channels[index].bend_range = range,
                }
            }
            [0, 6] if index == 0 || index == CHANNELS - 1 => {
                // A zone that is not there can be ended as often as one likes.
                self.configured = match (byte, self.master()) {
                    (0, Some(master)) if master != index => return,
                    (0, _) => Some(Zone::None),
                    _ if index == 0 => Some(Zone::Lower),
                    _ => Some(Zone::Upper),
                };
                self.channels.iter_mut().for_each(|c| c.bend_range = None);
            }
            _ => return,
        }
        self.send_bends(send);
    }
}

impl Default for Controllers {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Nothing;

    impl Inputs for Nothing {
        fn controlled(&self, input: usize, share: f32) -> Option<Event> {
            (input < 3).then_some(Event::Timbre { input, value: share })
        }
    }

    fn control(controllers: &mut Controllers, messages: &[(u8, u8, u8)]) -> Vec<Event> {
        let mut sent = Vec::new();
        for &(channel, controller, value) in messages {
            let value = f32::from(value) / 127.0;
            controllers.control(channel, controller, value, &Nothing, |e| sent.push(e));
        }
        sent
    }

    fn bend(controllers: &mut Controllers, channel: u8, value: f32) -> Vec<(u8, f32)> {
        let mut sent = Vec::new();
        controllers.bend(channel, value, |event| match event {
            Event::Channel { channel, expression: Expression::Tuning(semitones) } => {
                sent.push((channel, semitones));
            }
            other => panic!("{other:?}"),
        });
        sent
    }

    /// The way up ends one of 8192 steps early.
    fn assert_bend(sent: &[(u8, f32)], semitones: f32) {
        assert!(matches!(sent, [(_, sent)] if (sent - semitones).abs() < 0.01), "{sent:?}");
    }

    #[test]
    fn mpe_by_message_bends_notes_far_and_the_first_channel_bends_all() {
        let mut controllers = Controllers::new();
        assert_bend(&bend(&mut controllers, 3, 1.0), 2.0);
        bend(&mut controllers, 3, 0.5);
        control(&mut controllers, &[(0, 101, 0), (0, 100, 6), (0, 6, 15)]);
        assert_bend(&bend(&mut controllers, 3, 1.0), 48.0);
        let all = bend(&mut controllers, 0, 0.0);
        assert_eq!((all.len(), all[0], all[4]), (16, (0, -2.0), (4, -2.0)));
        assert_bend(&all[3..4], 46.0);
        control(&mut controllers, &[(5, 101, 0), (5, 100, 0), (5, 6, 24)]);
        assert_bend(&bend(&mut controllers, 3, 1.0), 22.0);
        control(&mut controllers, &[(0, 101, 0), (0, 100, 6), (0, 6, 0)]);
        assert_bend(&bend(&mut controllers, 3, 1.0), 2.0);
    }

    #[test]
    fn the_upper_zone_has_its_master_at_the_other_end() {
        let mut controllers = Controllers::new();
        control(&mut controllers, &[(15, 101, 0), (15, 100, 6), (15, 6, 15)]);
        assert_bend(&bend(&mut controllers, 0, 1.0), 48.0);
        let all = bend(&mut controllers, 15, 0.0);
        assert_eq!((all.len(), all[15], all[4]), (16, (15, -2.0), (4, -2.0)));
        assert_bend(&all[..1], 46.0);
        // The lower zone, which is not there, ends; then the upper one.
        control(&mut controllers, &[(0, 101, 0), (0, 100, 6), (0, 6, 0)]);
        assert_bend(&bend(&mut controllers, 3, 1.0), 46.0);
        control(&mut controllers, &[(15, 6, 0)]);
        assert_bend(&bend(&mut controllers, 3, 1.0), 2.0);
    }

    #[test]
    fn bend_range_by_message_and_by_parameter() {
        let mut controllers = Controllers::new();
        controllers.set(false, 12.0, |_| {});
        assert_bend(&bend(&mut controllers, 0, 1.0), 12.0);
        control(&mut controllers, &[(0, 101, 0), (0, 100, 0), (0, 6, 7)]);
        assert_bend(&bend(&mut controllers, 0, 1.0), 7.0);
        assert_eq!(bend(&mut controllers, 0, 0.5), [(0, 0.0)]);
        assert_eq!(bend(&mut controllers, 0, 8192.0 / 16_383.0), [(0, 0.0)]);
        // Another parameter is none of ours, and so is none at all.
        assert!(control(&mut controllers, &[(0, 100, 2), (0, 6, 9)]).is_empty());
        assert!(control(&mut controllers, &[(0, 99, 1), (0, 98, 1), (0, 6, 9)]).is_empty());
    }

    #[test]
    fn controllers_reach_channel_model_or_nothing() {
        let mut controllers = Controllers::new();
        let sent = control(&mut controllers, &[(2, 7, 127), (2, 64, 64), (2, 21, 127), (2, 23, 5)]);
        let volume = Event::volume(2, 1.0);
        let pedal = Event::Sustain { channel: 2, down: true };
        assert_eq!(sent, [volume, pedal, Event::Timbre { input: 1, value: 1.0 }]);
        let sent = control(&mut controllers, &[(0, 74, 64), (0, 1, 127)]);
        let brightness = |b| Event::Channel { channel: 0, expression: Expression::Brightness(b) };
        assert_eq!(sent, [brightness(0.0), brightness(1.0)]);
    }
}
