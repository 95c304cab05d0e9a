"""The words that invented titles are made of."""

from __future__ import annotations

ADJECTIVES = (
    "dark", "last", "lost", "secret", "silent", "broken", "golden", "black", "white", "red",
    "blue", "green", "hidden", "endless", "little", "great", "wild", "strange", "beautiful",
    "dangerous", "perfect", "final", "first", "second", "deep", "cold", "hot", "sweet", "bitter",
    "blind", "brave", "burning", "crazy", "dead", "dirty", "distant", "eternal", "fallen", "fatal",
    "forbidden", "frozen", "gentle", "good", "bad", "happy", "hollow", "holy", "hungry",
    "innocent", "invisible", "iron", "lonely", "long", "lucky", "mad", "modern", "naked", "new",
    "old", "open", "pale", "paper", "quiet", "rising", "sacred", "savage", "scarlet", "sleeping",
    "small", "stolen", "true", "unknown", "untold", "velvet", "wicked", "winter", "young",
)  # fmt: skip
NOUNS = (
    "night", "day", "love", "man", "woman", "world", "house", "river", "city", "king", "queen",
    "life", "death", "heart", "time", "war", "dream", "shadow", "light", "fire", "water", "blood",
    "moon", "sun", "star", "road", "home", "girl", "boy", "brother", "sister", "father", "mother",
    "son", "daughter", "family", "game", "story", "song", "dance", "stranger", "killer", "hunter",
    "soldier", "dog", "cat", "wolf", "horse", "bird", "snake", "dragon", "ghost", "angel", "devil",
    "god", "witch", "vampire", "monster", "zombie", "robot", "island", "mountain", "forest",
    "garden", "desert", "ocean", "sea", "sky", "wind", "storm", "snow", "rain", "summer", "autumn",
    "spring", "morning", "evening", "midnight", "dawn", "dusk", "tower", "castle", "bridge",
    "street", "harbor", "station", "train", "ship", "plane", "car", "letter", "book", "picture",
    "mirror", "mask", "knife", "gun", "sword", "crown", "ring", "key", "door", "window", "room",
    "wall", "stone", "glass", "gold", "silver", "iron", "thief", "spy", "detective", "doctor",
    "teacher", "nurse", "lawyer", "judge", "priest", "monk", "nun", "prince", "princess",
    "emperor", "bride", "groom", "wedding", "party", "school", "prison", "hospital", "hotel",
    "circus", "theatre", "carnival", "festival", "empire", "kingdom", "country", "village",
    "valley", "hill", "lake", "island", "beach", "coast", "border", "frontier", "journey",
    "voyage", "escape", "return", "revenge", "justice", "honor", "glory", "truth", "lie", "secret",
    "promise", "memory", "silence", "whisper", "scream", "kiss", "touch", "smile", "tears",
    "laughter", "madness", "passion", "desire", "temptation", "sin", "mercy", "grace", "hope",
    "faith", "destiny", "fortune", "luck", "money", "crime", "murder", "mystery", "case", "trial",
    "verdict", "witness", "suspect", "victim", "legend", "myth", "tale", "chronicle", "curse",
    "prophecy", "miracle",
)  # fmt: skip
PLACES = (
    "paris", "london", "berlin", "rome", "vienna", "tokyo", "moscow", "madrid", "venice", "havana",
    "cairo", "bombay", "shanghai", "chicago", "boston", "texas", "brooklyn", "hollywood", "vegas",
    "manhattan", "montana", "alaska", "mexico", "brazil", "africa", "england", "ireland",
    "scotland", "sicily", "normandy", "siberia", "casablanca", "istanbul",
)  # fmt: skip
TOPICS = (
    "love", "death", "war", "night", "blood", "fire", "water", "the-sea", "the-city", "the-law",
    "a-stranger", "a-lady", "one-man", "two-sisters", "three-brothers", "the-past", "the-future",
    "tomorrow", "yesterday",
)  # fmt: skip
ENDINGS = (
    "the beginning", "the return", "the final chapter", "the awakening", "a love story",
    "the movie", "resurrection", "the untold story", "the next generation", "a new hope",
    "the last stand", "origins", "redemption",
)  # fmt: skip
#: Sounds of which names and words of other languages are made, by language.
SOUNDS = {
    "english": (
        "b br c ch d f g gr h j k l m n p r s st t th w",
        "a e i o u ea ai oo ie",
        "n r s t l ll rd nd ck ston ton ley man son field",
    ),
    "french": (
        "b br c ch d f g j l m n p r s t v",
        "a e é è i o u ou eau oi ê â î",
        "n r s t l lle ne re nt ssé ment eur",
    ),
    "spanish": (
        "b c ch d f g j l m n p r s t v z",
        "a e i o u á é í ó ue ie",
        "n r s l do da ción dor ñero ños",
    ),
    "german": (
        "b br d f g h k kl l m n r s sch st t w z",
        "a e i o u ä ö ü ei au ie",
        "n r s t l cht ung lich er en ß",
    ),
    "japanese": (
        "k s t n h m y r w g z d b sh ch ts",
        "a i u e o ô û ei",
        "n ra ri ru ko ki no to",
    ),
    "swedish": (
        "b d f g h j k l m n r s t v",
        "a e i o u å ä ö y",
        "n r s t l en er ska ning",
    ),
}
#: How an original title is written in MovieLens, with its article behind: by language.
ARTICLES = {
    "french": ("Le", "La", "Les", "L'"),
    "spanish": ("El", "La", "Los", "Las"),
    "german": ("Der", "Die", "Das"),
    "japanese": (),
    "swedish": ("Den", "Det"),
}
