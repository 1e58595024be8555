// An ECharts chart in the page's colors: "var(--eg-…)" anywhere in its options is the color of the theme that is on,
// and "eg:<name>" stands for one of FORMATS.
import { echarts } from "nicegui-echart";

const short = (value) => (value === 0 ? "0" : Math.abs(value) >= 1000 ? value.toLocaleString("en") : String(Number(value.toPrecision(3))));
const FORMATS = {
  figure: (value) => (value === null || value === undefined || value === "-" ? "–" : short(Number(value))),
  percent: (value) => (value === null || value === undefined || value === "-" ? "–" : `${short(Number(value) * 100)} %`),
  ms: (value) => (value === null || value === undefined || value === "-" ? "–" : `${short(Number(value))} ms`),
  moment: (value) => window.edgeguard.exact(Number(value)),
};

export default {
  template: `<div class="eg-chart" role="img" :aria-label="label"></div>`,
  props: { options: Object, label: String, group: String, fresh: Number },
  mounted() {
    this.chart = echarts.init(this.$el);
    if (this.group) {
      this.chart.group = this.group;
      echarts.connect(this.group);
    }
    this.chart.on("click", (event) => {
      const href = [event.data].flat()[0]?.href; // of a marked area, the data are its two corners
      if (href) window.location.href = href;
    });
    this.sizes = new ResizeObserver(() => this.chart.resize());
    this.sizes.observe(this.$el);
    this.themes = new MutationObserver(() => this.draw(false));
    this.themes.observe(document.body, { attributes: true, attributeFilter: ["class"] });
    this.draw(true);
  },
  beforeUnmount() {
    this.sizes.disconnect();
    this.themes.disconnect();
    this.chart.dispose();
  },
  watch: {
    options() {
      this.draw(this.fresh !== this.drawn);
    },
  },
  methods: {
    draw(anew) {
      this.drawn = this.fresh;
      const style = getComputedStyle(document.body);
      const named = (value) => {
        if (Array.isArray(value)) return value.map(named);
        if (value !== null && typeof value === "object")
          return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, named(inner)]));
        if (typeof value !== "string") return value;
        if (value.startsWith("eg:")) return FORMATS[value.slice(3)];
        const color = /^var\((--eg-[a-z0-9-]+)\)$/.exec(value);
        return color ? style.getPropertyValue(color[1]).trim() : value;
      };
      // replaceMerge keeps the zoom, which lives in dataZoom, while lines come and go
      this.chart.setOption(named(this.options), anew ? { notMerge: true } : { replaceMerge: ["series"] });
    },
  },
};
