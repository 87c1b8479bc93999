//! Which channel of a recording is taken.

use crate::{Error, Result};
use std::path::Path;
use std::str::FromStr;

/// What a recording of several channels is made mono of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Channel {
    /// The average of all channels.
    #[default]
    Mix,
    /// The first channel.
    Left,
    /// The second channel.
    Right,
}

impl FromStr for Channel {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        match name {
            "mix" => Ok(Self::Mix),
            "left" => Ok(Self::Left),
            "right" => Ok(Self::Right),
            _ => Err(Error::Parameter(format!(
                "channel is {name:?}, wanted \"left\", \"right\" or \"mix\""
            ))),
        }
    }
}

impl Channel {
    /// Its name: "mix", "left" or "right".
    pub fn name(self) -> &'static str {
        match self {
            Self::Mix => "mix",
            Self::Left => "left",
            Self::Right => "right",
        }
    }

    /// Checks that a file of so many channels has this one.
    ///
    /// # Errors
    /// [`Error::AudioFile`] if it does not.
    pub(super) fn check(self, path: &Path, channels: usize) -> Result<()> {
        if self == Self::Right && channels < 2 {
            return Err(Error::audio(
                path,
                "has one channel and \"right\" was asked for, wanted \"left\" or \"mix\"",
            ));
        }
        Ok(())
    }

    /// Appends this channel of interleaved samples to `mono`. Where a recording goes on with a
    /// single channel, that one is taken.
    pub(super) fn append(self, interleaved: &[f32], channels: usize, mono: &mut Vec<f32>) {
        let frames = interleaved.chunks_exact(channels.max(1));
        match self {
            _ if channels <= 1 => mono.extend_from_slice(interleaved),
            Self::Mix => {
                let scale = 1.0 / channels as f32;
                mono.extend(frames.map(|frame| frame.iter().sum::<f32>() * scale));
            }
            Self::Left => mono.extend(frames.map(|frame| frame[0])),
            Self::Right => mono.extend(frames.map(|frame| frame[1])),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn channels_are_chosen_by_name() {
        let taken = |name: &str, channels| {
            let mut mono = Vec::new();
            let channel: Channel = name.parse().unwrap();
            assert_eq!(channel.name(), name);
            channel.append(&[1.0, 3.0, 5.0, 7.0], channels, &mut mono);
            mono
        };
        assert_eq!(taken("mix", 2), [2.0, 6.0]);
        assert_eq!(taken("left", 2), [1.0, 5.0]);
        assert_eq!(taken("right", 2), [3.0, 7.0]);
        assert_eq!(taken("mix", 4), [4.0]);
        assert_eq!(taken("right", 1), [1.0, 3.0, 5.0, 7.0]);
        assert!(
            "middle".parse::<Channel>().unwrap_err().to_string().contains("\"middle\", wanted")
        );
        assert!(Channel::Right.check(Path::new("x.wav"), 1).is_err());
    }
}
