//! What the editor shares with the loader and the audio thread.
//!
//! The audio thread touches only the atomics, the queue of key presses and its end of a triple buffer,
//! none of which can block. The mutexes are between the loader, the host's threads and the editor.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crossbeam::queue::ArrayQueue;
use triple_buffer::{Input, Output, TripleBuffer};

use crate::bank::{Bank, Source};
use crate::meters::Meters;
use crate::model_info::ModelInfo;
use crate::picture::Picture;

/// How many key presses of the editor can wait for the audio thread.
const MAX_PRESSES: usize = 128;

/// What the loader can be asked to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    /// Load this model and play it.
    Load(Source),
    /// Play the model before the present one in the bank, across all categories.
    Previous,
    /// Play the model after the present one in the bank, across all categories.
    Next,
    /// List the models in the user's folder again.
    Refresh,
    /// Make a new engine if the settings ask for another one, and free those that have faded out.
    UpdateEngine,
    /// End the loader's thread.
    Quit,
}

/// The line at the bottom of the editor.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Status {
    /// What happened; empty if there is nothing to report.
    pub text: String,
    /// Whether it is an error.
    pub is_error: bool,
}

/// A key that was pressed or released in the editor.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct KeyPress {
    /// The MIDI key, 0 to 127.
    pub key: u8,
    /// The velocity of a press, above 0 and up to 1; 0 releases the key.
    pub velocity: f32,
}

/// Everything that the editor sees of the plugin beside the parameters, and everything that it asks of
/// the plugin.
pub struct Shared {
    /// What the audio thread measures.
    pub meters: Meters,
    /// Set while the editor is open. Meters and pictures are made only then.
    pub editor_is_open: AtomicBool,
    /// Set when the editor asks for a model, and cleared when it has told the host about the new one.
    pub model_was_requested: AtomicBool,
    presses: ArrayQueue<KeyPress>,
    requests: Sender<Request>,
    picture: Mutex<Output<Picture>>,
    model: Mutex<Arc<ModelInfo>>,
    bank: Mutex<Arc<Bank>>,
    status: Mutex<Status>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shared {
    /// Sends the editor's requests through `requests`. Also returns the end of the pictures that the
    /// audio thread writes to.
    pub fn new(requests: Sender<Request>) -> (Arc<Self>, Input<Picture>) {
        let (input, output) = TripleBuffer::new(&Picture::default()).split();
        let shared = Self {
            meters: Meters::default(),
            editor_is_open: AtomicBool::new(false),
            model_was_requested: AtomicBool::new(false),
            presses: ArrayQueue::new(MAX_PRESSES),
            requests,
            picture: Mutex::new(output),
            model: Mutex::default(),
            bank: Mutex::default(),
            status: Mutex::default(),
        };
        (Arc::new(shared), input)
    }

    /// Asks the loader to do something, and returns at once. Not for the audio thread.
    pub fn request(&self, request: Request) {
        if matches!(request, Request::Load(_) | Request::Previous | Request::Next) {
            self.model_was_requested.store(true, Ordering::Relaxed);
        }
        // Sending fails only when the loader has ended, which it does when the plugin is destroyed.
        let _ = self.requests.send(request);
    }

    /// Plays or releases a key. If the audio thread fetches none and too many wait, the oldest press is
    /// dropped.
    pub fn press(&self, press: KeyPress) {
        self.presses.force_push(press);
    }

    /// Returns the next key that was pressed or released in the editor. For the audio thread.
    pub fn next_press(&self) -> Option<KeyPress> {
        self.presses.pop()
    }

    /// Calls `look` with the newest picture.
    pub fn with_picture<R>(&self, look: impl FnOnce(&Picture) -> R) -> R {
        look(lock(&self.picture).read())
    }

    /// The model that plays.
    pub fn model(&self) -> Arc<ModelInfo> {
        Arc::clone(&lock(&self.model))
    }

    /// The models that can be chosen.
    pub fn bank(&self) -> Arc<Bank> {
        Arc::clone(&lock(&self.bank))
    }

    /// The line at the bottom of the editor.
    pub fn status(&self) -> Status {
        lock(&self.status).clone()
    }

    pub(crate) fn set_model(&self, model: ModelInfo) {
        *lock(&self.model) = Arc::new(model);
    }

    pub(crate) fn set_bank(&self, bank: Bank) {
        *lock(&self.bank) = Arc::new(bank);
    }

    /// Replaces the line at the bottom of the editor; an empty text clears it.
    pub fn set_status(&self, text: impl Into<String>, is_error: bool) {
        *lock(&self.status) = Status { text: text.into(), is_error };
    }
}
