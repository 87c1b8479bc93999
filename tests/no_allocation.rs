//! The audio thread's part never allocates or frees: counted by a global allocator.

mod common;

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::sync::Arc;

use wms::synth::{Engine, EngineOptions, Event};

thread_local! {
    static CALLS: Cell<usize> = const { Cell::new(0) };
}

struct Counting;

fn count() {
    // A thread that is ending has no counter any more, and is none of ours.
    let _ = CALLS.try_with(|calls| calls.set(calls.get() + 1));
}

// SAFETY: every call goes on to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: as promised by the caller.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        count();
        // SAFETY: as promised by the caller.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count();
        // SAFETY: as promised by the caller.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

#[test]
fn playing_never_allocates() {
    let options = EngineOptions { max_voices: 4, ..EngineOptions::default() };
    let mut engine = Engine::new(common::model(), &options).unwrap();
    let (mut left, mut right) = (vec![0.0; 777], vec![0.0; 777]);
    let before = CALLS.with(Cell::get);
    for i in 0..60u8 {
        let channel = i % 3;
        engine.handle(Event::NoteOn { channel, note: 30 + i, velocity: 0.8 });
        engine.handle(Event::Sustain { channel, down: i % 7 > 3 });
        engine.handle(Event::bend(channel, f32::from(i % 25) - 12.0));
        engine.handle(Event::Timbre { input: usize::from(i) % 12, value: f32::from(i) / 60.0 });
        engine.handle(Event::volume(channel, f32::from(i) / 60.0));
        engine.process(&mut left, &mut right);
        engine.handle(Event::NoteOff { channel, note: 28 + i });
        if i % 20 == 19 {
            engine.handle(Event::AllNotesOff { channel });
            engine.process(&mut left, &mut right);
            engine.handle(Event::AllSoundOff);
            engine.reset();
        }
    }
    assert_eq!(CALLS.with(Cell::get) - before, 0);
    let kept = Arc::clone(engine.model());
    assert!(CALLS.with(Cell::get) == before && kept.input_size() == 10);
    drop(vec![0u8; 10]);
    assert_eq!(CALLS.with(Cell::get) - before, 2, "the counter counts");
}
