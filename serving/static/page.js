// What the pages gain from scripts. Everything works without; each module improves one thing.
import { attention } from "./seen.js";
import { canonical } from "./canonical.js";
import { liveForms } from "./live.js";
import { comboboxes } from "./combobox.js";
import { ratings } from "./ratings.js";
import { reasons } from "./reasons.js";
import { refreshing } from "./refreshing.js";
import { roulette } from "./roulette.js";
import { sliders } from "./sliders.js";
import { tabs } from "./tabs.js";
import { theme } from "./theme.js";

for (const begin of [canonical, liveForms, attention, comboboxes, ratings, reasons, refreshing, roulette, sliders, tabs, theme]) begin();
