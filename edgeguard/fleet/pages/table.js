// A table that its page sorts and turns by asking the server; a list of cards on a phone, by style alone.
const CELL = {
  props: { cell: [Object, String, Number] },
  computed: {
    c() {
      return this.cell !== null && typeof this.cell === "object" ? this.cell : { text: this.cell };
    },
    time() {
      return this.c.at ? window.edgeguard.relative(this.c.at) : "";
    },
  },
  template: `
    <span v-if="c.badges" class="eg-badges">
      <span v-for="b in c.badges" :key="b.text" class="eg-badge" :class="b.tone && 'eg-' + b.tone" :title="b.title || null"><span v-if="b.sign" aria-hidden="true">{{ b.sign }}</span>{{ b.text }}</span>
    </span>
    <span v-if="c.share !== undefined" class="eg-bar" :class="c.tone && 'eg-' + c.tone" aria-hidden="true"><i :style="{ width: Math.max(0, Math.min(1, c.share)) * 100 + '%' }"></i></span>
    <a v-if="c.href" :href="c.href" :title="c.title || null">{{ c.text }}</a>
    <span v-else-if="c.text !== undefined && c.text !== null && c.text !== ''" :class="c.tone && 'eg-text-' + c.tone" :title="c.title || null">{{ c.text }}</span>
    <time v-if="c.at" :datetime="new Date(c.at).toISOString()" :title="window.edgeguard.exact(c.at)">{{ time }}</time>
    <span v-if="c.below" class="eg-below">{{ c.below }}</span>`,
  created() {
    this.window = window;
  },
};

export default {
  components: { cell: CELL },
  template: `
    <div class="eg-table">
      <label class="eg-sort-by eg-small" v-if="columns.some((c) => c.sortable)">Sort by
        <select :value="sort" @change="$emit('sort', { name: $event.target.value, descending: first($event.target.value) })">
          <option v-for="c in columns.filter((c) => c.sortable)" :key="c.name" :value="c.name">{{ c.label }}</option>
        </select>
      </label>
      <div class="eg-scroll">
        <table :aria-busy="busy">
          <caption class="eg-hidden">{{ caption }}</caption>
          <thead>
            <tr>
              <th v-if="ticks" scope="col" class="eg-tick"><input type="checkbox" aria-label="All rows" :checked="rows.length > 0 && ticked.length === rows.length" @change="tickAll($event.target.checked)"></th>
              <th v-for="c in columns" :key="c.name" scope="col" :class="{ 'eg-end': c.numeric }" :aria-sort="c.name !== sort ? null : descending ? 'descending' : 'ascending'">
                <button v-if="c.sortable" type="button" :title="c.tip || null" @click="sortBy(c.name)">{{ c.label }}<span class="eg-arrow" aria-hidden="true">{{ c.name !== sort ? "" : descending ? "▼" : "▲" }}</span></button>
                <span v-else :title="c.tip || null">{{ c.label }}</span>
              </th>
            </tr>
          </thead>
          <tbody @mouseenter="hold(true)" @mouseleave="hold(false)" @focusin="hold(true)" @focusout="hold(false)">
            <tr v-for="row in rows" :key="row.id" :class="{ 'eg-opens': row.href, 'eg-at': row.id === at, ['eg-row-' + row.tone]: row.tone }" @click="open(row, $event)">
              <td v-if="ticks" class="eg-tick"><input type="checkbox" aria-label="Choose this row" :checked="ticked.includes(row.id)" @change="tick(row.id, $event.target.checked)"></td>
              <td v-for="c in columns" :key="c.name" :class="['eg-as-' + c.phone, c.numeric ? 'eg-end' : '']" :data-label="c.label"><cell :cell="row.cells[c.name]" /></td>
            </tr>
          </tbody>
        </table>
      </div>
      <nav class="eg-turn eg-small" v-if="total > limit || offset > 0" :aria-label="caption + ', parts'">
        <button type="button" :disabled="offset === 0" @click="turn(-1)">‹ Previous</button>
        <span class="eg-number">{{ (rows.length ? offset + 1 : 0).toLocaleString("en") }}–{{ (offset + rows.length).toLocaleString("en") }} of {{ total.toLocaleString("en") }}</span>
        <button type="button" :disabled="offset + limit >= total" @click="turn(1)">Next ›</button>
      </nav>
    </div>`,
  props: {
    caption: String,
    columns: Array,
    rows: Array,
    sort: String,
    descending: Boolean,
    total: Number,
    offset: Number,
    limit: Number,
    busy: Boolean,
    ticks: Boolean,
    ticked: Array,
    at: [Number, String],
  },
  updated() {
    if (this.at !== this.shownAt) this.$el.querySelector(".eg-at")?.scrollIntoView({ block: "nearest" });
    this.shownAt = this.at;
  },
  methods: {
    tick(id, on) {
      this.$emit("tick", on ? [...this.ticked, id] : this.ticked.filter((other) => other !== id));
    },
    tickAll(on) {
      this.$emit("tick", on ? this.rows.map((row) => row.id) : []);
    },
    first(name) {
      return this.columns.find((c) => c.name === name).falls;
    },
    sortBy(name) {
      this.$emit("sort", { name, descending: name === this.sort ? !this.descending : this.first(name) });
    },
    turn(step) {
      this.$emit("turn", Math.max(0, this.offset + step * this.limit));
    },
    hold(held) {
      this.$emit("hold", held);
    },
    open(row, event) {
      if (!row.href || event.target.closest("a, button, input") || String(getSelection())) return;
      if (event.ctrlKey || event.metaKey) window.open(row.href, "_blank", "noopener");
      else window.location.href = row.href;
    },
  },
};
