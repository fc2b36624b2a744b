//! One ride after the other: drivers, passengers, places, times.

use std::time::{Duration, SystemTime};

use fastrand::Rng;
use serde_json::{Map, Value, json};

use super::Event;

/// 2026-01-05T06:00:00Z, a Monday morning.
const MORNING: u64 = 1_767_592_800;
/// The middle of the city, as latitude and longitude.
const CENTRE: (f64, f64) = (-6.2088, 106.8456);
/// How far from the centre things happen, in degrees.
const RADIUS: f64 = 0.12;
const DRIVERS: u32 = 120;
const PASSENGERS: u32 = 180;
/// Seconds between two ride requests, at most.
const BETWEEN_REQUESTS: u64 = 40;
const LOCATIONS_PER_RIDE: u64 = 5;

pub(super) struct City<'a> {
    random: &'a mut Rng,
    /// Seconds since the morning.
    now: u64,
    drivers: Vec<Driver>,
    events: Vec<(u64, Event)>,
}

struct Driver {
    id: String,
    /// How many locations the driver has reported.
    reported: u64,
    /// When the driver's last ride ends, in seconds since the morning.
    free_at: u64,
}

/// Who rides with whom.
struct Pair {
    match_id: String,
    driver: usize,
    driver_id: String,
    passenger: String,
}

impl<'a> City<'a> {
    pub(super) fn new(random: &'a mut Rng) -> Self {
        let driver = |number| Driver { id: format!("d-{number:03}"), reported: 0, free_at: 0 };
        Self { random, now: 0, drivers: (1..=DRIVERS).map(driver).collect(), events: Vec::new() }
    }

    /// A passenger asks; a driver is found; most matches are accepted and become a ride.
    pub(super) fn request_ride(&mut self, number: u32) {
        self.now += self.random.u64(1..=BETWEEN_REQUESTS);
        let mut at = self.now;
        let Some((driver, driver_id)) = self.free_driver() else {
            return;
        };
        let passenger = format!("p-{:04}", self.random.u32(1..=PASSENGERS));
        let pair = Pair { match_id: format!("m-{number:06}"), driver, driver_id, passenger };
        self.beacon(at, &pair.driver_id);
        at += self.random.u64(1..5);
        let (from, to) = (self.place(), self.place());
        self.add(
            at,
            "user.finder",
            "finder",
            &pair.passenger,
            json!({ "passenger_id": pair.passenger, "from": from, "to": to }),
        );
        at += self.random.u64(1..6);
        let eta = self.random.u32(120..900);
        self.add_match(at, "match.found", "found", &pair, &[("eta_seconds", json!(eta))]);
        at += self.random.u64(2..20);
        if self.random.u32(0..100) < 15 {
            let reason = ["too far", "shift ends", "no answer"];
            let reason = self.random.choice(reason).unwrap_or("no answer");
            self.add_match(at, "match.rejected", "rejected", &pair, &[("reason", json!(reason))]);
            return;
        }
        self.add_match(at, "match.accepted", "accepted", &pair, &[("pickup", from)]);
        self.ride(at, &pair, to);
    }

    /// In the order of their time; of one time, in the order they were made.
    pub(super) fn into_events(mut self) -> Vec<Event> {
        self.events.sort_by_key(|(at, _)| *at);
        self.events.into_iter().map(|(_, event)| event).collect()
    }

    fn ride(&mut self, accepted: u64, pair: &Pair, to: Value) {
        let started = accepted + self.random.u64(60..600);
        self.add_match(started, "ride.started", "started", pair, &[]);
        let leg = self.random.u64(60..300);
        for stop in 1..=LOCATIONS_PER_RIDE {
            self.location(started + stop * leg, pair.driver);
        }
        let arrived = started + (LOCATIONS_PER_RIDE + 1) * leg;
        if let Some(driver) = self.drivers.get_mut(pair.driver) {
            driver.free_at = arrived;
        }
        self.add_match(arrived, "ride.arrived", "arrived", pair, &[("place", to)]);
        let metres = leg * 40;
        let fare = 9_000 + metres * 3;
        let facts = [("distance_m", json!(metres)), ("fare_idr", json!(fare))];
        let completed = arrived + self.random.u64(10..90);
        self.add_match(completed, "ride.completed", "completed", pair, &facts);
    }

    fn beacon(&mut self, at: u64, driver: &str) {
        let place = self.place();
        self.add(
            at,
            "user.beacon",
            "beacon",
            driver,
            json!({ "user_id": driver, "role": "driver", "active": true, "place": place }),
        );
    }

    /// The first free driver from a random one on; `None` if all are on the road.
    fn free_driver(&mut self) -> Option<(usize, String)> {
        let start = self.random.usize(0..self.drivers.len());
        let mut from_there = self.drivers.iter().enumerate().cycle().skip(start).take(self.drivers.len());
        from_there.find(|(_, driver)| driver.free_at < self.now).map(|(at, driver)| (at, driver.id.clone()))
    }

    fn location(&mut self, at: u64, driver: usize) {
        let Some(driver) = self.drivers.get_mut(driver) else {
            return;
        };
        driver.reported += 1;
        let (seq, driver) = (driver.reported, driver.id.clone());
        let mut payload = json!({ "driver_id": driver, "seq": seq, "speed_kmh": self.random.u32(0..70) });
        merge(&mut payload, self.place());
        self.add(at, "location.update", "location", &driver, payload);
    }

    fn add_match(
        &mut self,
        at: u64,
        subject: &'static str,
        kind: &str,
        pair: &Pair,
        facts: &[(&str, Value)],
    ) {
        let mut payload = json!({
            "match_id": pair.match_id,
            "driver_id": pair.driver_id,
            "passenger_id": pair.passenger,
        });
        merge(&mut payload, facts.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect());
        self.add(at, subject, kind, &pair.match_id, payload);
    }

    fn add(&mut self, at: u64, subject: &'static str, kind: &str, entity: &str, mut payload: Value) {
        let time = SystemTime::UNIX_EPOCH + Duration::from_secs(MORNING + at);
        let time = humantime::format_rfc3339_seconds(time).to_string();
        let id = format!("{kind}-{entity}-{time}");
        merge(&mut payload, json!({ "timestamp": time }));
        self.events.push((at, Event { subject, id, payload }));
    }

    fn place(&mut self) -> Value {
        let mut near = |centre: f64| round(centre + (self.random.f64() * 2.0 - 1.0) * RADIUS);
        json!({ "lat": near(CENTRE.0), "lng": near(CENTRE.1) })
    }
}

/// To five decimals, about a metre.
fn round(degrees: f64) -> f64 {
    (degrees * 100_000.0).round() / 100_000.0
}

fn merge(payload: &mut Value, more: Value) {
    if let (Value::Object(payload), Value::Object(more)) = (payload, more) {
        payload.extend::<Map<_, _>>(more);
    }
}
