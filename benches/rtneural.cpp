// Time of one network step by RTNeural, beside which `cargo bench --bench synth` is to be read.
//
// RTNeural is not part of this project: benches/rtneural.sh says how this is built against it.

#include <RTNeural/RTNeural.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <memory>
#include <random>
#include <vector>

namespace
{
using Matrix = std::vector<std::vector<float>>;

std::mt19937 random_engine { 1 };

std::vector<float> numbers(int count, int hidden)
{
    const float limit = 1.0f / std::sqrt(static_cast<float>(hidden));
    std::uniform_real_distribution<float> between(-limit, limit);
    std::vector<float> values(static_cast<size_t>(count));
    std::generate(values.begin(), values.end(), [&] { return between(random_engine); });
    return values;
}

Matrix matrix(int rows, int columns, int hidden)
{
    Matrix values;
    for(int row = 0; row < rows; ++row)
        values.push_back(numbers(columns, hidden));
    return values;
}

template <typename Layer>
void fill_dense(Layer& layer, int inputs, int outputs, int hidden)
{
    layer.setWeights(matrix(outputs, inputs, hidden));
    const auto bias = numbers(outputs, hidden);
    layer.setBias(bias.data());
}

template <typename Layer>
void fill_gru(Layer& layer, int inputs, int hidden)
{
    layer.setWVals(matrix(inputs, 3 * hidden, hidden));
    layer.setUVals(matrix(hidden, 3 * hidden, hidden));
    layer.setBVals(matrix(2, 3 * hidden, hidden));
}

template <typename Model>
void measure(const char* name, Model& model, int inputs)
{
    model.reset();
    alignas(64) float input[16];
    std::fill(input, input + inputs, 0.3f);
    std::vector<double> times;
    volatile float sink = 0.0f;
    for(int repetition = 0; repetition < 41; ++repetition)
    {
        const auto start = std::chrono::steady_clock::now();
        for(int step = 0; step < 200; ++step)
            sink = model.forward(input);
        const std::chrono::duration<double, std::micro> took = std::chrono::steady_clock::now() - start;
        if(repetition > 0)
            times.push_back(took.count() / 200);
    }
    (void) sink;
    std::sort(times.begin(), times.end());
    std::printf("%-44s %8.2f %8.2f  us/step\n", name, times.front(), times[times.size() / 2]);
}
} // namespace

int main()
{
    using namespace RTNeural;
    {
        using Model = ModelT<float, 5, 513, DenseT<float, 5, 13>, ReLuActivationT<float, 13>, GRULayerT<float, 13, 132>, DenseT<float, 132, 513>, ReLuActivationT<float, 513>>;
        auto model = std::make_unique<Model>();
        fill_dense(model->template get<0>(), 5, 13, 132);
        fill_gru(model->template get<2>(), 13, 132);
        fill_dense(model->template get<3>(), 132, 513, 132);
        measure("RTNeural " PEER ", 2024-11", *model, 5);
    }
    {
        using Model = ModelT<float, 10, 80, DenseT<float, 10, 10>, ReLuActivationT<float, 10>, GRULayerT<float, 10, 256>, DenseT<float, 256, 256>, ReLuActivationT<float, 256>, DenseT<float, 256, 80>, ReLuActivationT<float, 80>>;
        auto model = std::make_unique<Model>();
        fill_dense(model->template get<0>(), 10, 10, 256);
        fill_gru(model->template get<2>(), 10, 256);
        fill_dense(model->template get<3>(), 256, 256, 256);
        fill_dense(model->template get<5>(), 256, 80, 256);
        measure("RTNeural " PEER ", 2026-08", *model, 10);
    }
}
