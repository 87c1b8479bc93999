//! A picture of the sound: what the audio thread shows the editor.

/// The largest number of partials in a picture.
pub const MAX_PARTIALS: usize = 512;
/// The largest number of network inputs in a picture.
pub const MAX_INPUTS: usize = 128;
/// The number of output samples in a picture.
pub const SAMPLES: usize = 2048;

/// A picture of the sound, made several dozen times a second while the editor is open.
#[derive(Clone, Debug)]
pub struct Picture {
    /// Counts the pictures: the same number again means that there is no new one.
    pub number: u64,
    /// The pitch of the newest voice, Hz; 0 in silence.
    pub f0_hz: f32,
    /// How many entries of `partials` are used.
    pub partial_count: usize,
    /// The amplitudes of the newest voice's partials, from the fundamental upwards.
    pub partials: [f32; MAX_PARTIALS],
    /// How many entries of `inputs` are used.
    pub input_count: usize,
    /// The newest voice's network inputs, in the model's own units.
    pub inputs: [f32; MAX_INPUTS],
    /// The last output samples, oldest first, the mean of left and right.
    pub samples: [f32; SAMPLES],
    /// The sample rate of `samples`, Hz.
    pub sample_rate: f32,
}

impl Default for Picture {
    fn default() -> Self {
        Self {
            number: 0,
            f0_hz: 0.0,
            partial_count: 0,
            partials: [0.0; MAX_PARTIALS],
            input_count: 0,
            inputs: [0.0; MAX_INPUTS],
            samples: [0.0; SAMPLES],
            sample_rate: 0.0,
        }
    }
}
