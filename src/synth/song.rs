//! Playing standard MIDI files.

use std::sync::Arc;

use super::{Engine, EngineOptions};
use crate::midi::{Controllers, Event, Message, MidiFile, TimedMessage};
use crate::model::Model;
use crate::{Error, Result, Watch};

/// Longest time that is rendered behind the last message that starts or ends a note, s.
const MAX_TAIL_S: f64 = 65.0;
/// Longest piece, s: a broken file must not take all memory.
const MAX_LENGTH_S: f64 = 4.0 * 3600.0;
/// Length of a block, s; silence and interruption are checked after each one.
const BLOCK_S: f64 = 0.05;

/// Plays a MIDI file until its last note has died away, and returns left and right.
///
/// Notes, controllers, pedals, pitch bend, registered parameters and MPE are understood as
/// [`Controllers`] understands them. With `automation`, controllers 20 to 31 move the model's directions,
/// or its inputs as `wms_torch`'s branch dev writes them. `first` are events that the engine is given
/// before the first message, such as the timbre to begin with. A file without notes gives no samples. Messages
/// more than 65 s after the last one that starts or ends a note are ignored, and notes that still
/// sound then are released.
///
/// # Errors
/// [`Error::Parameter`] if an option is out of range or the piece is longer than 4 hours, and
/// [`Error::Interrupted`] after [`Watch::stop`].
pub fn render(
    model: &Arc<Model>,
    file: &MidiFile,
    options: &EngineOptions,
    automation: bool,
    first: &[Event],
    watch: &Watch,
) -> Result<[Vec<f32>; 2]> {
    let mut player = Player::new(model, options, automation, watch)?;
    for &event in first {
        player.engine.handle(event);
    }
    let messages = file.messages();
    let Some(last_start) = messages.iter().rposition(|timed| timed.message.starts_note()) else {
        return Ok(player.output);
    };
    let last_s = messages.iter().rfind(|timed| moves_note(timed.message)).map_or(0.0, |m| m.time_s);
    if last_s > MAX_LENGTH_S {
        return Err(Error::parameter(format!(
            "the MIDI file is {:.1} hours long, wanted at most {}",
            last_s / 3600.0,
            MAX_LENGTH_S / 3600.0
        )));
    }
    let (with_notes, behind) = messages.split_at(last_start + 1);
    for &TimedMessage { time_s, message } in with_notes {
        player.play_until(time_s)?;
        player.handle(message);
    }
    for &TimedMessage { time_s, message } in behind {
        player.play_until_silence_or(time_s.min(last_s + MAX_TAIL_S))?;
        if player.engine.is_silent() || time_s > last_s + MAX_TAIL_S {
            break;
        }
        player.handle(message);
    }
    player.let_go();
    let now_s = player.output[0].len() as f64 / options.sample_rate;
    player.play_until_silence_or(now_s + MAX_TAIL_S)?;
    Ok(player.output)
}

/// Whether a message can start or end a note.
fn moves_note(message: Message) -> bool {
    match message {
        Message::NoteOn { .. } | Message::NoteOff { .. } => true,
        Message::Controller { number, .. } => matches!(number, 64 | 66 | 120 | 121 | 123..=127),
        _ => false,
    }
}

/// An engine, what drives it, and what it has played.
struct Player<'a> {
    engine: Engine,
    controllers: Controllers,
    output: [Vec<f32>; 2],
    sample_rate: f64,
    watch: &'a Watch,
}

impl<'a> Player<'a> {
    fn new(
        model: &Arc<Model>,
        options: &EngineOptions,
        automation: bool,
        watch: &'a Watch,
    ) -> Result<Self> {
        let controllers = Controllers::new();
        Ok(Self {
            engine: Engine::new(Arc::clone(model), options)?,
            controllers: if automation { controllers.with_automation() } else { controllers },
            output: [Vec::new(), Vec::new()],
            sample_rate: options.sample_rate,
            watch,
        })
    }

    fn handle(&mut self, message: Message) {
        self.controllers.handle(message, |event| self.engine.handle(event));
    }

    /// Lets all keys and pedals come up: what a file leaves down would sound for ever.
    fn let_go(&mut self) {
        for channel in 0..16 {
            self.engine.handle(Event::AllNotesOff { channel });
            self.engine.handle(Event::Sustain { channel, down: false });
            self.engine.handle(Event::Sostenuto { channel, down: false });
        }
    }

    fn play_until(&mut self, time_s: f64) -> Result<()> {
        while self.play_block(time_s)? {}
        Ok(())
    }

    fn play_until_silence_or(&mut self, time_s: f64) -> Result<()> {
        while !self.engine.is_silent() && self.play_block(time_s)? {}
        Ok(())
    }

    /// Plays the next block, at most until `time_s`, and returns whether there was anything to play.
    fn play_block(&mut self, time_s: f64) -> Result<bool> {
        self.watch.check()?;
        let [left, right] = &mut self.output;
        let from = left.len();
        let block = (BLOCK_S * self.sample_rate).ceil() as usize;
        let until = ((time_s * self.sample_rate).round() as usize).min(from + block);
        if until <= from {
            return Ok(false);
        }
        left.resize(until, 0.0);
        right.resize(until, 0.0);
        self.engine.process(&mut left[from..], &mut right[from..]);
        Ok(true)
    }
}
