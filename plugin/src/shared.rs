//! What the audio thread, the loader and the editor share. The audio thread touches atomics and a
//! triple buffer alone; mutexes here are between the loader and the editor.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crossbeam::queue::ArrayQueue;
use triple_buffer::{Input, Output, TripleBuffer};

/// Most partials that are shown.
pub const SHOWN_PARTIALS: usize = 512;
/// Samples of the output that are shown.
pub const SHOWN_SAMPLES: usize = 2048;
/// Most inputs of a model whose place is shown.
pub const SHOWN_INPUTS: usize = 128;

/// Keys of the editor that can wait for the audio thread.
const PRESSES: usize = 128;

/// Where a model comes from.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Source {
    /// The program itself; the model's name.
    Factory(String),
    /// A file.
    File(PathBuf),
}

/// What the editor asks of the loader.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    /// Play this model.
    Load(Source),
    /// Play the one before in the bank, all categories in order.
    Previous,
    /// Play the one after.
    Next,
    /// Look through the user's folder again.
    Refresh,
    /// Look after the engine, now and from time to time.
    Wake,
    /// End.
    Quit,
}

/// A model in the bank.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// For people.
    pub name: String,
    /// Where it is.
    pub source: Source,
}

/// Models under one heading.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Category {
    /// "Factory", "User", or the path of a folder within the user's.
    pub name: String,
    /// In order.
    pub entries: Vec<Entry>,
}

/// All models that can be chosen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bank {
    /// The factory first.
    pub categories: Vec<Category>,
    /// Where the user's models lie; the folder need not exist.
    pub folder: Option<PathBuf>,
}

/// A timbre axis of a model. All values in the units of the parameter, which is 0 at the model's
/// rest.
#[derive(Clone, Debug, PartialEq)]
pub struct Axis {
    /// The network input's name.
    pub name: String,
    /// Its number among the network's inputs.
    pub input: usize,
    /// Lowest value in the training data.
    pub low: f32,
    /// Highest value in the training data.
    pub high: f32,
}

/// The model that plays.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ModelInfo {
    /// Counts models since the plugin was made; 0 before there is one.
    pub serial: u32,
    /// For people.
    pub name: String,
    /// Where it was loaded from.
    pub source: Option<Source>,
    /// Whether it came from the project because its source was missing or another.
    pub from_project: bool,
    /// The axes that it has, at most 16.
    pub axes: Vec<Axis>,
    /// Voicedness in the training data, lowest and highest, relative to its rest; none if the
    /// model has no such input.
    pub voicedness: Option<[f32; 2]>,
    /// Rate of the training data, Hz.
    pub sample_rate: u32,
    /// Lowest and highest pitch in it, Hz.
    pub f0_range_hz: [f64; 2],
}

/// One line for the user.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Status {
    /// What happened; empty if there is nothing to say.
    pub text: String,
    /// Whether it is bad.
    pub is_error: bool,
}

/// A picture of the sound, made a few dozen times a second while the editor is open.
#[derive(Clone, Debug)]
pub struct Picture {
    /// Counts pictures: the same number means nothing new.
    pub number: u64,
    /// Pitch of the newest voice, Hz; 0 in silence.
    pub f0_hz: f32,
    /// How many of `partials` there are.
    pub partial_count: usize,
    /// Amplitudes of the newest voice's partials, from the fundamental up.
    pub partials: [f32; SHOWN_PARTIALS],
    /// How many of `inputs` there are.
    pub input_count: usize,
    /// The network's inputs for the newest voice, as the model wants them.
    pub inputs: [f32; SHOWN_INPUTS],
    /// The last output samples, oldest first, mean of left and right.
    pub samples: [f32; SHOWN_SAMPLES],
    /// Their rate, Hz.
    pub sample_rate: f32,
}

impl Default for Picture {
    fn default() -> Self {
        Self {
            number: 0,
            f0_hz: 0.0,
            partial_count: 0,
            partials: [0.0; SHOWN_PARTIALS],
            input_count: 0,
            inputs: [0.0; SHOWN_INPUTS],
            samples: [0.0; SHOWN_SAMPLES],
            sample_rate: 0.0,
        }
    }
}

/// An f32 that is written by one thread and read by others.
#[derive(Debug, Default)]
pub struct AtomicValue(AtomicU32);

impl AtomicValue {
    /// The value.
    pub fn get(&self) -> f32 {
        f32::from_bits(self.0.load(Ordering::Relaxed))
    }

    /// Sets it.
    pub fn set(&self, value: f32) {
        self.0.store(value.to_bits(), Ordering::Relaxed);
    }

    /// Raises a value that is not negative.
    pub fn raise(&self, value: f32) {
        // Floats from 0 up are in the order of their bits.
        self.0.fetch_max(value.max(0.0).to_bits(), Ordering::Relaxed);
    }

    /// The value, 0 from now on.
    pub fn take(&self) -> f32 {
        f32::from_bits(self.0.swap(0, Ordering::Relaxed))
    }
}

/// A key that was pressed or let go in the editor.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct KeyPress {
    /// MIDI key, 0 .. 127.
    pub key: u8,
    /// How hard, 0 .. 1; 0 lets it go.
    pub velocity: f32,
}

/// Keys that are held down: written by one thread, read by others.
#[derive(Debug, Default)]
pub struct HeldKeys([AtomicU64; 2]);

impl HeldKeys {
    /// Whether a MIDI key is held.
    pub fn contains(&self, key: u8) -> bool {
        let half = self.0.get(usize::from(key) / 64);
        half.is_some_and(|half| half.load(Ordering::Relaxed) >> (key % 64) & 1 == 1)
    }

    /// Takes one bit of each key, the lowest for key 0.
    pub fn set(&self, keys: u128) {
        self.0[0].store(keys as u64, Ordering::Relaxed);
        self.0[1].store((keys >> 64) as u64, Ordering::Relaxed);
    }
}

/// Meters, written by the audio thread while the editor is open.
#[derive(Debug, Default)]
pub struct Meters {
    /// Voices that sound.
    pub voices: AtomicU32,
    /// Share of the time that there is for a block, smoothed; 1 is overload.
    pub load: AtomicValue,
    /// Largest amplitude of left and right since the last [`AtomicValue::take`].
    pub peaks: [AtomicValue; 2],
    /// Keys that the host or the editor holds down.
    pub keys: HeldKeys,
}

/// Everything that the editor sees of the plugin beside the parameters.
pub struct Shared {
    /// See [`Meters`].
    pub meters: Meters,
    /// Set by the editor while it is open: pictures and meters are made only then.
    pub watched: AtomicBool,
    /// Set when the editor asks for a model, until it has seen a new one.
    pub asked: AtomicBool,
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
    /// Sends requests to `requests`; what comes back with it is the audio thread's end.
    pub fn new(requests: Sender<Request>) -> (Arc<Self>, Input<Picture>) {
        let (input, output) = TripleBuffer::new(&Picture::default()).split();
        let shared = Self {
            meters: Meters::default(),
            watched: AtomicBool::new(false),
            asked: AtomicBool::new(false),
            presses: ArrayQueue::new(PRESSES),
            requests,
            picture: Mutex::new(output),
            model: Mutex::default(),
            bank: Mutex::default(),
            status: Mutex::default(),
        };
        (Arc::new(shared), input)
    }

    /// Asks for something, which happens a little later. Not for the audio thread.
    pub fn request(&self, request: Request) {
        if matches!(request, Request::Load(_) | Request::Previous | Request::Next) {
            self.asked.store(true, Ordering::Relaxed);
        }
        // Without a loader the plugin is about to go.
        let _ = self.requests.send(request);
    }

    /// Plays a key; what no audio thread fetches is dropped, the oldest first.
    pub fn press(&self, press: KeyPress) {
        self.presses.force_push(press);
    }

    /// The next key that the editor pressed or let go, for the audio thread.
    pub fn next_press(&self) -> Option<KeyPress> {
        self.presses.pop()
    }

    /// Gives `look` the newest picture.
    pub fn with_picture<R>(&self, look: impl FnOnce(&Picture) -> R) -> R {
        look(lock(&self.picture).read())
    }

    /// The model that plays.
    pub fn model(&self) -> Arc<ModelInfo> {
        Arc::clone(&lock(&self.model))
    }

    /// The models that there are.
    pub fn bank(&self) -> Arc<Bank> {
        Arc::clone(&lock(&self.bank))
    }

    /// The line to show.
    pub fn status(&self) -> Status {
        lock(&self.status).clone()
    }

    pub(crate) fn set_model(&self, model: ModelInfo) {
        *lock(&self.model) = Arc::new(model);
    }

    pub(crate) fn set_bank(&self, bank: Bank) {
        *lock(&self.bank) = Arc::new(bank);
    }

    /// Shows a line.
    pub fn tell(&self, text: impl Into<String>, is_error: bool) {
        *lock(&self.status) = Status { text: text.into(), is_error };
    }
}
