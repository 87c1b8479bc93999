//! The zones of MPE.
//!
//! Source: MIDI Polyphonic Expression, version 1.0 (MIDI Association, RP-053).

use std::ops::RangeInclusive;

/// Number of the highest channel, the upper zone's master.
const HIGHEST: u8 = 15;

/// Which channels are in a zone of MPE. A zone has a master channel at its end, which speaks for all of
/// its channels, and member channels, which carry one note each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Zones {
    /// Number of members of the lower zone, above its master channel 0; 0 if there is no zone.
    lower: u8,
    /// Number of members of the upper zone, below its master channel 15; 0 if there is no zone.
    upper: u8,
}

impl Zones {
    /// The lower zone with all other channels as its members.
    pub const WHOLE_LOWER: Self = Self { lower: HIGHEST, upper: 0 };

    /// Applies a configuration message. On a master channel (0 or 15) it gives its zone that many
    /// `members`, 0 to 15, and 0 ends the zone; on other channels it does nothing. The other zone
    /// loses the channels that both would have. Returns whether the zone existed before or exists
    /// now.
    pub fn configure(&mut self, channel: u8, members: u8) -> bool {
        let (zone, other) = match channel {
            0 => (&mut self.lower, &mut self.upper),
            HIGHEST => (&mut self.upper, &mut self.lower),
            _ => return false,
        };
        let was_there = *zone > 0;
        *zone = members.min(HIGHEST);
        if *zone > 0 {
            // Of the 16 channels, two are for the masters.
            *other = (*other).min((HIGHEST - 1).saturating_sub(*zone));
        }
        was_there || *zone > 0
    }

    /// The channels of the zone with this master, or `None` if the channel is no master.
    pub fn of_master(self, channel: u8) -> Option<RangeInclusive<u8>> {
        match channel {
            0 if self.lower > 0 => Some(0..=self.lower),
            HIGHEST if self.upper > 0 => Some(HIGHEST - self.upper..=HIGHEST),
            _ => None,
        }
    }

    /// The master of a member channel, or `None` if the channel is no member.
    pub fn master_of(self, channel: u8) -> Option<u8> {
        if (1..=self.lower).contains(&channel) {
            Some(0)
        } else if (HIGHEST - self.upper..HIGHEST).contains(&channel) {
            Some(HIGHEST)
        } else {
            None
        }
    }

    /// The channels that a message on one channel is for: a master's are for its whole zone.
    pub fn reached(self, channel: u8) -> RangeInclusive<u8> {
        self.of_master(channel).unwrap_or(channel..=channel)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_zones_share_the_channels_and_the_later_message_wins() {
        let mut zones = Zones::default();
        assert!(!zones.configure(0, 0) && !zones.configure(7, 3));
        assert_eq!(zones.reached(0), 0..=0);
        assert!(zones.configure(0, 7) && zones.configure(15, 7));
        assert_eq!((zones.of_master(0), zones.of_master(15)), (Some(0..=7), Some(8..=15)));
        assert_eq!((zones.master_of(7), zones.master_of(8)), (Some(0), Some(15)));
        assert!(zones.configure(0, 10));
        assert_eq!((zones.of_master(0), zones.of_master(15)), (Some(0..=10), Some(11..=15)));
        assert!(zones.configure(15, 100));
        assert_eq!((zones.of_master(0), zones.of_master(15)), (None, Some(0..=15)));
        assert_eq!((zones.master_of(0), zones.master_of(15)), (Some(15), None));
        assert!(zones.configure(15, 0));
        assert_eq!(zones, Zones::default());
    }
}
