//! The positions of the controllers of all channels, and what each MIDI message does to them.

use std::ops::RangeInclusive;

use super::zones::Zones;
use super::{CHANNELS, Event, Expression, Message};

/// Bend range of the pitch wheel until a message or a host sets another one, semitones.
const BEND_RANGE: f32 = 2.0;
/// Bend range of an MPE member channel until a message sets another one, semitones.
const MEMBER_BEND_RANGE: f32 = 48.0;
/// Largest bend range that a message can ask for, cents.
const MAX_BEND_RANGE_CENTS: u16 = 9600;
/// Controllers that move the model's first twelve directions or inputs; used after
/// [`Controllers::with_automation`] only. Those from 32 on are the fine halves of 0 to 31, and hosts and
/// keyboards send them as such.
const AXES: RangeInclusive<u8> = 20..=31;
/// Registered parameters, most and least significant byte of their number.
const PITCH_BEND_RANGE: [u8; 2] = [0, 0];
const MPE_CONFIGURATION: [u8; 2] = [0, 6];
/// The number with which a message deselects the registered parameter.
const NULL_PARAMETER: [u8; 2] = [127, 127];

/// Turns the wheel's position, 0 to 1, into -1 to 1. Its 14 bits have no exact middle: both 8192 of
/// 16383 and 0.5, from hosts that do not count in bits, are at rest.
fn wheel(value: f32) -> f32 {
    let steps = value * 16_383.0 - 8192.0;
    if steps.abs() < 0.75 { 0.0 } else { (steps / 8192.0).clamp(-1.0, 1.0) }
}

/// Turns a controller's position, 0 to 1, into -1 to 1: 64 of 127 is the middle.
fn sided(value: f32) -> f32 {
    ((value * 127.0 - 64.0) / 63.0).clamp(-1.0, 1.0)
}

/// The parameter that a channel has selected for data entry (controllers 6, 38, 96 and 97).
#[derive(Clone, Copy, PartialEq)]
enum Parameter {
    None,
    Registered([u8; 2]),
    /// A non-registered parameter: this instrument has none.
    Other,
}

/// A pedal that is up or down.
#[derive(Clone, Copy)]
enum Pedal {
    Sustain,
    Sostenuto,
    Soft,
}

/// Where the controllers of one channel stand.
#[derive(Clone, Copy)]
struct Channel {
    /// Pitch wheel, -1 to 1; 0 is its rest.
    bend: f32,
    /// Bend range in cents; `None` until a message sets it.
    bend_range_cents: Option<u16>,
    /// Amplitude factors of controllers 7 and 11.
    volume: f32,
    expression: f32,
    /// From left, -1, to right, 1.
    pan: f32,
    /// The modulation wheel, 0 to 1.
    modulation: f32,
    /// Controller 74, -1 to 1; 0 is its middle.
    brightness: f32,
    /// Channel pressure, 0 to 1.
    pressure: f32,
    /// Whether each pedal is down, in the order of [`Pedal`].
    pedals: [bool; 3],
    parameter: Parameter,
}

const AT_REST: Channel = Channel {
    bend: 0.0,
    bend_range_cents: None,
    volume: 1.0,
    expression: 1.0,
    pan: 0.0,
    modulation: 0.0,
    brightness: 0.0,
    pressure: 0.0,
    pedals: [false; 3],
    parameter: Parameter::None,
};

/// What the instrument has to know of a channel; each is sent as an event of its own.
#[derive(Clone, Copy)]
enum Control {
    Tuning,
    Volume,
    Pan,
    Brightness,
    Pressure,
    Pedal(Pedal),
}

impl Control {
    const ALL: [Self; 8] = [
        Self::Tuning,
        Self::Volume,
        Self::Pan,
        Self::Brightness,
        Self::Pressure,
        Self::Pedal(Pedal::Sustain),
        Self::Pedal(Pedal::Sostenuto),
        Self::Pedal(Pedal::Soft),
    ];
}

/// The controllers of all channels: translates MIDI messages into the instrument's [`Event`]s.
///
/// The messages that are understood, and what they do, are listed in `docs/plugin.md`. Nothing here
/// allocates or fails; a message without a meaning is ignored.
///
/// ```
/// use wms::midi::{Controllers, Event, Message};
///
/// let mut controllers = Controllers::new();
/// let mut events = Vec::new();
/// let wheel_up = Message::PitchBend { channel: 0, value: 1.0 };
/// controllers.handle(wheel_up, |event| events.push(event));
/// assert!(matches!(events[..], [Event::Channel { channel: 0, .. }]));
/// ```
pub struct Controllers {
    channels: [Channel; CHANNELS],
    zones: Zones,
    /// The zones that [`Self::reset`] goes back to.
    zones_at_rest: Zones,
    /// Bend range of channels that are not members of a zone, until a message sets another,
    /// semitones.
    bend_range: f32,
    moves_axes: bool,
}

impl Controllers {
    /// All controllers at rest: no MPE, a bend range of 2 semitones, and controllers 20 to 31 do not
    /// move the timbre.
    pub fn new() -> Self {
        Self {
            channels: [AT_REST; CHANNELS],
            zones: Zones::default(),
            zones_at_rest: Zones::default(),
            bend_range: BEND_RANGE,
            moves_axes: false,
        }
    }

    /// Lets controllers 20 to 31 move the model's first twelve directions in their order, or, if it has
    /// none, its first twelve inputs, as `wms_torch`'s branch dev writes them.
    #[must_use]
    pub fn with_automation(mut self) -> Self {
        self.moves_axes = true;
        self
    }

    /// Returns all controllers to rest and forgets the zones and bend ranges that messages have
    /// set. The defaults given to [`Self::set`] stay.
    pub fn reset(&mut self) {
        self.channels = [AT_REST; CHANNELS];
        self.zones = self.zones_at_rest;
    }

    /// Sets two defaults, which MIDI messages can override. With `mpe`, all channels form MPE's
    /// lower zone. `bend_range`, in semitones, is for channels that are not members of a zone. If
    /// either has changed, the events that follow from it go to `send`.
    pub fn set(&mut self, mpe: bool, bend_range: f32, mut send: impl FnMut(Event)) {
        let zones = if mpe { Zones::WHOLE_LOWER } else { Zones::default() };
        if (zones, bend_range) == (self.zones_at_rest, self.bend_range) {
            return;
        }
        self.bend_range = bend_range;
        if zones == self.zones_at_rest {
            self.send_all(Control::Tuning, &mut send);
        } else {
            (self.zones, self.zones_at_rest) = (zones, zones);
            self.send_everything(&mut send);
        }
    }

    /// Translates a message, and calls `send` with each event that it causes, if any: at most nine
    /// for each channel.
    pub fn handle(&mut self, message: Message, mut send: impl FnMut(Event)) {
        let channel = message.channel();
        let index = usize::from(channel);
        match message {
            Message::NoteOn { note, velocity, .. } => {
                send(Event::NoteOn { channel, note, velocity });
            }
            Message::NoteOff { note, .. } => send(Event::NoteOff { channel, note }),
            Message::KeyPressure { note, pressure, .. } => send(Event::Note {
                channel: Some(channel),
                note: Some(note),
                expression: Expression::Pressure(pressure),
            }),
            Message::Controller { number, value, .. } => {
                if value.is_finite() {
                    self.control(channel, number, value.clamp(0.0, 1.0), &mut send);
                }
            }
            Message::ChannelPressure { pressure, .. } => {
                if pressure.is_finite() {
                    self.channels[index].pressure = pressure.clamp(0.0, 1.0);
                    self.send(channel, Control::Pressure, &mut send);
                }
            }
            Message::PitchBend { value, .. } => {
                if value.is_finite() {
                    self.channels[index].bend = wheel(value);
                    self.send(channel, Control::Tuning, &mut send);
                }
            }
        }
    }

    /// Translates a controller that moves to `value`, 0 to 1.
    fn control(&mut self, channel: u8, number: u8, value: f32, send: &mut impl FnMut(Event)) {
        let state = &mut self.channels[usize::from(channel)];
        let is_down = value >= 64.0 / 127.0;
        let byte = (value * 127.0).round() as u8;
        let control = match number {
            1 => {
                state.modulation = value;
                Control::Brightness
            }
            7 => {
                state.volume = value * value;
                Control::Volume
            }
            10 => {
                state.pan = sided(value);
                Control::Pan
            }
            11 => {
                state.expression = value * value;
                Control::Volume
            }
            64 | 66 | 67 => {
                let pedal = match number {
                    64 => Pedal::Sustain,
                    66 => Pedal::Sostenuto,
                    _ => Pedal::Soft,
                };
                state.pedals[pedal as usize] = is_down;
                Control::Pedal(pedal)
            }
            74 => {
                state.brightness = sided(value);
                Control::Brightness
            }
            6 | 38 | 96 | 97 if state.parameter != Parameter::None => {
                return self.enter_data(channel, number, byte, send);
            }
            98..=101 => return state.choose_parameter(number, byte),
            120 => {
                let channels = self.zones.reached(channel);
                return channels.for_each(|c| send(Event::AllSoundOff { channel: Some(c) }));
            }
            121 => return self.rest(channel, send),
            // Local control is about a keyboard's own keys.
            122 => return,
            // The last four change between omni, mono and poly, and every key comes up.
            123..=127 => {
                let channels = self.zones.reached(channel);
                return channels.for_each(|channel| send(Event::AllNotesOff { channel }));
            }
            _ => {
                if self.moves_axes && AXES.contains(&number) {
                    let input = usize::from(number - AXES.start());
                    send(Event::Automation { input, position: value });
                }
                return;
            }
        };
        self.send(channel, control, send);
    }

    /// Changes the parameter that the channel has selected (controllers 6, 38, 96 and 97).
    fn enter_data(&mut self, channel: u8, number: u8, byte: u8, send: &mut impl FnMut(Event)) {
        match self.channels[usize::from(channel)].parameter {
            Parameter::Registered(PITCH_BEND_RANGE) => {
                let before = (100.0 * self.own_bend_range(channel)).round() as u16;
                let cents = match number {
                    6 => 100 * u16::from(byte),
                    38 => before / 100 * 100 + u16::from(byte.min(99)),
                    96 => before + 1,
                    _ => before.saturating_sub(1),
                };
                self.set_bend_range(channel, cents.min(MAX_BEND_RANGE_CENTS));
                self.send_all(Control::Tuning, send);
            }
            Parameter::Registered(MPE_CONFIGURATION) if number == 6 => {
                self.configure_zones(channel, byte, send);
            }
            _ => {}
        }
    }

    fn configure_zones(&mut self, channel: u8, members: u8, send: &mut impl FnMut(Event)) {
        // Ending a zone that does not exist changes nothing.
        if self.zones.configure(channel, members) {
            self.channels.iter_mut().for_each(|channel| channel.bend_range_cents = None);
            self.send_everything(send);
        }
    }

    fn set_bend_range(&mut self, channel: u8, cents: u16) {
        let master = self.zones.master_of(channel);
        for (other, state) in (0..).zip(&mut self.channels) {
            // A bend range that is sent to one member is for all members of its zone.
            if other == channel || (master.is_some() && self.zones.master_of(other) == master) {
                state.bend_range_cents = Some(cents);
            }
        }
    }

    /// The bend range of a channel's own wheel, semitones.
    fn own_bend_range(&self, channel: u8) -> f32 {
        let otherwise = match self.zones.master_of(channel) {
            Some(_) => MEMBER_BEND_RANGE,
            None => self.bend_range,
        };
        let set = self.channels[usize::from(channel)].bend_range_cents;
        set.map_or(otherwise, |cents| f32::from(cents) / 100.0)
    }

    /// Returns the controllers and pressures of a channel, or of a master's zone, to rest
    /// (controller 121). Volume, pan and bend range stay, as the MIDI Association's RP-015
    /// recommends.
    fn rest(&mut self, channel: u8, send: &mut impl FnMut(Event)) {
        let reached = self.zones.reached(channel);
        for index in reached.clone().map(usize::from) {
            let Channel { bend_range_cents, volume, pan, .. } = self.channels[index];
            self.channels[index] = Channel { bend_range_cents, volume, pan, ..AT_REST };
        }
        for channel in reached {
            for control in Control::ALL {
                send(self.event(channel, control));
            }
            let expression = Expression::Pressure(0.0);
            send(Event::Note { channel: Some(channel), note: None, expression });
        }
    }

    /// Sends a control of a channel; if it is the master of a zone, of all channels of the zone.
    fn send(&self, channel: u8, control: Control, send: &mut impl FnMut(Event)) {
        self.zones.reached(channel).for_each(|channel| send(self.event(channel, control)));
    }

    fn send_all(&self, control: Control, send: &mut impl FnMut(Event)) {
        (0..CHANNELS as u8).for_each(|channel| send(self.event(channel, control)));
    }

    fn send_everything(&self, send: &mut impl FnMut(Event)) {
        Control::ALL.into_iter().for_each(|control| self.send_all(control, send));
    }

    /// The event that sets a control of a channel. A member's value is combined with its master's:
    /// bends, pan and brightness add up, volumes multiply, the larger pressure counts, and a pedal
    /// is down if either holds it down.
    fn event(&self, channel: u8, control: Control) -> Event {
        let own = &self.channels[usize::from(channel)];
        let master_channel = self.zones.master_of(channel);
        let master = master_channel.map_or(&AT_REST, |master| &self.channels[usize::from(master)]);
        let expression = match control {
            Control::Tuning => {
                let of_master = master_channel.map_or(0.0, |master| self.own_bend_range(master));
                let semitones = own.bend * self.own_bend_range(channel) + master.bend * of_master;
                Expression::Tuning(semitones)
            }
            Control::Volume => Expression::Volume(own.loudness() * master.loudness()),
            Control::Pan => Expression::Pan(own.pan + master.pan),
            Control::Brightness => Expression::Brightness(
                own.modulation + own.brightness + master.modulation + master.brightness,
            ),
            Control::Pressure => Expression::Pressure(own.pressure.max(master.pressure)),
            Control::Pedal(pedal) => {
                let down = own.pedals[pedal as usize] || master.pedals[pedal as usize];
                return match pedal {
                    Pedal::Sustain => Event::Sustain { channel, down },
                    Pedal::Sostenuto => Event::Sostenuto { channel, down },
                    Pedal::Soft => Event::Soft { channel, down },
                };
            }
        };
        Event::Channel { channel, expression }
    }
}

impl Channel {
    fn loudness(&self) -> f32 {
        self.volume * self.expression
    }

    /// Takes one of the two bytes that select a parameter (controllers 98 to 101).
    fn choose_parameter(&mut self, number: u8, byte: u8) {
        let place = match number {
            100 => 1,
            101 => 0,
            _ => {
                self.parameter = Parameter::Other;
                return;
            }
        };
        let mut chosen = match self.parameter {
            Parameter::Registered(chosen) => chosen,
            _ => NULL_PARAMETER,
        };
        chosen[place] = byte;
        self.parameter =
            if chosen == NULL_PARAMETER { Parameter::None } else { Parameter::Registered(chosen) };
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

    fn control(controllers: &mut Controllers, messages: &[(u8, u8, u8)]) -> Vec<Event> {
        let mut sent = Vec::new();
        for &(channel, number, value) in messages {
            let value = f32::from(value) / 127.0;
            let message = Message::Controller { channel, number, value };
            controllers.handle(message, |event| sent.push(event));
        }
        sent
    }

    fn bend(controllers: &mut Controllers, channel: u8, value: f32) -> Vec<(u8, f32)> {
        let mut sent = Vec::new();
        controllers.handle(Message::PitchBend { channel, value }, |event| match event {
            Event::Channel { channel, expression: Expression::Tuning(semitones) } => {
                sent.push((channel, semitones));
            }
            other => panic!("{other:?}"),
        });
        sent
    }

    /// With a tolerance, because the wheel goes 8192 steps down from its rest and only 8191 up.
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
        // Ending the lower zone, which does not exist, changes nothing; then the upper one ends.
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
        // Other registered parameters, and those that are not registered, are ignored.
        assert!(control(&mut controllers, &[(0, 100, 2), (0, 6, 9)]).is_empty());
        assert!(control(&mut controllers, &[(0, 99, 1), (0, 98, 1), (0, 6, 9)]).is_empty());
    }

    #[test]
    fn controllers_reach_channel_model_or_nothing() {
        let mut controllers = Controllers::new().with_automation();
        let sent = control(&mut controllers, &[(2, 7, 127), (2, 64, 64), (2, 21, 127), (2, 2, 5)]);
        let volume = Event::volume(2, 1.0);
        let pedal = Event::Sustain { channel: 2, down: true };
        assert_eq!(sent, [volume, pedal, Event::Automation { input: 1, position: 1.0 }]);
        let sent = control(&mut controllers, &[(0, 74, 64), (0, 1, 127)]);
        let brightness = |b| Event::Channel { channel: 0, expression: Expression::Brightness(b) };
        assert_eq!(sent, [brightness(0.0), brightness(1.0)]);
        assert!(control(&mut Controllers::new(), &[(2, 21, 127)]).is_empty());
    }

    #[test]
    fn the_timbre_has_twelve_controllers_and_no_others() {
        let mut controllers = Controllers::new().with_automation();
        for number in 0..128 {
            let sent = control(&mut controllers, &[(0, number, 100)]);
            let moved = sent.iter().find_map(|event| match *event {
                Event::Automation { input, .. } => Some(input),
                _ => None,
            });
            let wanted = (20..=31).contains(&number).then(|| usize::from(number) - 20);
            assert_eq!(moved, wanted, "controller {number}");
        }
    }

    #[test]
    fn bend_ranges_have_cents_and_can_be_counted_up_and_down() {
        let mut controllers = Controllers::new().with_automation();
        control(&mut controllers, &[(0, 101, 0), (0, 100, 0), (0, 6, 3), (0, 38, 50)]);
        assert_bend(&bend(&mut controllers, 0, 0.0), -3.5);
        control(&mut controllers, &[(0, 96, 0), (0, 96, 0)]);
        assert_bend(&bend(&mut controllers, 0, 0.0), -3.52);
        control(&mut controllers, &[(0, 97, 127); 3]);
        assert_bend(&bend(&mut controllers, 0, 0.0), -3.49);
        // Once no parameter is chosen, data entry means nothing.
        let sent =
            control(&mut controllers, &[(0, 101, 127), (0, 100, 127), (0, 6, 9), (0, 38, 0)]);
        assert_eq!(sent, []);
        assert_bend(&bend(&mut controllers, 0, 0.0), -3.49);
        control(&mut controllers, &[(0, 100, 0), (0, 101, 0), (0, 6, 127)]);
        assert_bend(&bend(&mut controllers, 0, 0.0), -96.0);
    }

    #[test]
    fn two_zones_and_a_plain_channel_live_side_by_side() {
        let mut controllers = Controllers::new();
        control(&mut controllers, &[(0, 101, 0), (0, 100, 6), (0, 6, 5)]);
        control(&mut controllers, &[(15, 101, 0), (15, 100, 6), (15, 6, 5)]);
        control(&mut controllers, &[(2, 101, 0), (2, 100, 0), (2, 6, 24)]);
        for (channel, semitones) in [(5, 24.0), (10, 48.0), (8, 2.0)] {
            assert_bend(&bend(&mut controllers, channel, 1.0), semitones);
        }
        let channels = |sent: Vec<(u8, f32)>| sent.iter().map(|s| s.0).collect::<Vec<_>>();
        assert_eq!(channels(bend(&mut controllers, 0, 0.0)), [0, 1, 2, 3, 4, 5]);
        assert_eq!(channels(bend(&mut controllers, 15, 0.0)), [10, 11, 12, 13, 14, 15]);
        let sent = control(&mut controllers, &[(0, 120, 0)]);
        let off = |channel| Event::AllSoundOff { channel: Some(channel) };
        assert_eq!(sent, [0, 1, 2, 3, 4, 5].map(off));
    }

    #[test]
    fn a_master_adds_to_its_members() {
        let mut controllers = Controllers::new();
        controllers.set(true, 2.0, |_| {});
        let last = |sent: Vec<Event>, channel| {
            let of_channel = |event: &&Event| match event {
                Event::Channel { channel: c, .. } | Event::Sustain { channel: c, .. } => {
                    *c == channel
                }
                _ => false,
            };
            *sent.iter().rfind(of_channel).unwrap()
        };
        let half = 64.0f32 / 127.0;
        control(&mut controllers, &[(3, 7, 64)]);
        let sent = control(&mut controllers, &[(0, 11, 64)]);
        assert_eq!(last(sent.clone(), 4), Event::volume(4, half * half));
        assert_eq!(last(sent, 3), Event::volume(3, half * half * (half * half)));
        control(&mut controllers, &[(3, 64, 127)]);
        let sent = control(&mut controllers, &[(0, 64, 0)]);
        assert_eq!(last(sent.clone(), 3), Event::Sustain { channel: 3, down: true });
        assert_eq!(last(sent, 4), Event::Sustain { channel: 4, down: false });
        // Controller 121 resets everything but the volume.
        let mut sent = Vec::new();
        let pressure = Message::ChannelPressure { channel: 3, pressure: 0.5 };
        controllers.handle(pressure, |event| sent.push(event));
        let expression = Expression::Pressure(0.5);
        assert_eq!(sent, [Event::Channel { channel: 3, expression }]);
        let sent = control(&mut controllers, &[(0, 121, 0)]);
        assert!(sent.contains(&Event::volume(3, half * half)));
        assert!(sent.contains(&Event::Sustain { channel: 3, down: false }));
        let expression = Expression::Pressure(0.0);
        assert!(sent.contains(&Event::Channel { channel: 3, expression }));
        assert!(sent.contains(&Event::Note { channel: Some(3), note: None, expression }));
    }
}
