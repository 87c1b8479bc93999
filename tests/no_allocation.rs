//! What runs on the audio thread never allocates or frees memory: a global allocator counts the
//! calls.

mod common;

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::sync::Arc;

use wms::midi::{Controllers, Message};
use wms::synth::{Engine, EngineOptions, Event, Expression, Instrument, Mode, Settings};

thread_local! {
    static CALLS: Cell<usize> = const { Cell::new(0) };
}

struct Counting;

fn count() {
    // A thread that is ending no longer has a counter; it is not one that the test measures.
    let _ = CALLS.try_with(|calls| calls.set(calls.get() + 1));
}

// SAFETY: every call goes on to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: the caller keeps the contract, which is the same for the system's allocator.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        count();
        // SAFETY: the caller keeps the contract, which is the same for the system's allocator.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count();
        // SAFETY: the caller keeps the contract, which is the same for the system's allocator.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Sends the instrument every kind of event while it plays.
fn play(instrument: &mut Instrument, left: &mut [f32], right: &mut [f32]) {
    for i in 0..60u8 {
        let (channel, share) = (i % 3, f32::from(i) / 60.0);
        for event in [
            Event::NoteOn { channel, note: 30 + i, velocity: 0.8 },
            Event::Sustain { channel, down: i % 7 > 3 },
            Event::Sostenuto { channel, down: i % 5 > 2 },
            Event::Soft { channel, down: i % 3 > 1 },
            Event::Automation { input: usize::from(i) % 12, position: share },
            Event::bend(channel, f32::from(i % 25) - 12.0),
            Event::Timbre { input: usize::from(i) % 12, value: share },
            Event::Direction { direction: usize::from(i) % 14, amount: 10.0 * share - 5.0 },
            Event::volume(channel, share),
            Event::Note {
                channel: None,
                note: Some(28 + i),
                expression: Expression::Timbre { input: 1, offset: share },
            },
            Event::Channel {
                channel,
                expression: Expression::Direction { direction: 1, offset: share },
            },
            Event::Channel { channel, expression: Expression::Brightness(share) },
            Event::Note { channel: None, note: None, expression: Expression::Pan(share) },
        ] {
            instrument.handle(event);
        }
        instrument.set(&Settings {
            mode: [Mode::Poly, Mode::Mono, Mode::Legato][usize::from(i / 8) % 3],
            unison: usize::from(i / 16) + 1,
            noise: f64::from(i % 2),
            glide_s: 0.1 * f64::from(i % 4),
            spread: 0.5,
            ..Settings::default()
        });
        instrument.process(left, right);
        instrument.handle(Event::NoteOff { channel, note: 28 + i });
        if i % 20 == 19 {
            instrument.handle(Event::AllNotesOff { channel });
            instrument.process(left, right);
            instrument.handle(Event::AllSoundOff { channel: None });
            instrument.reset();
        }
    }
}

#[test]
fn messages_are_translated_without_allocating() {
    let mut instrument = {
        let engine = Engine::new(common::model(), &EngineOptions::default()).unwrap();
        Instrument::new(Box::new(engine))
    };
    let mut controllers = Controllers::new().with_automation();
    let before = CALLS.with(Cell::get);
    for i in 0..=127u8 {
        for channel in [0, 1, 15] {
            let value = f32::from(i) / 127.0;
            for message in [
                Message::NoteOn { channel, note: i, velocity: value },
                Message::Controller { channel, number: 101, value: 0.0 },
                Message::Controller { channel, number: 100, value: 6.0 / 127.0 },
                Message::Controller { channel, number: 6, value: 7.0 / 127.0 },
                Message::Controller { channel, number: i, value },
                Message::PitchBend { channel, value },
                Message::ChannelPressure { channel, pressure: value },
                Message::KeyPressure { channel, note: i, pressure: value },
            ] {
                controllers.handle(message, |event| instrument.handle(event));
            }
        }
    }
    assert_eq!(CALLS.with(Cell::get) - before, 0);
}

#[test]
fn playing_never_allocates() {
    let options = EngineOptions { max_voices: 4, ..EngineOptions::default() };
    let engine = |model| Box::new(Engine::new(model, &options).unwrap());
    let mut instrument = Instrument::new(engine(common::steered()));
    let next = engine(common::model());
    let (mut left, mut right) = (vec![0.0; 777], vec![0.0; 777]);
    let before = CALLS.with(Cell::get);
    play(&mut instrument, &mut left, &mut right);
    // Another model comes while notes sound, and the old one goes.
    instrument.handle(Event::NoteOn { channel: 0, note: 60, velocity: 1.0 });
    instrument.process(&mut left, &mut right);
    let refused = instrument.exchange(next).err();
    let mut gone = None;
    for _ in 0..100 {
        instrument.process(&mut left, &mut right);
        gone = gone.or_else(|| instrument.collect());
    }
    play(&mut instrument, &mut left, &mut right);
    assert_eq!(CALLS.with(Cell::get) - before, 0);
    assert!(refused.is_none() && gone.is_some());
    let before = CALLS.with(Cell::get);
    let kept = Arc::clone(instrument.engine().model());
    assert!(CALLS.with(Cell::get) == before && kept.input_size() == 10);
    drop(vec![0u8; 10]);
    assert_eq!(CALLS.with(Cell::get) - before, 2, "the counter counts");
}
